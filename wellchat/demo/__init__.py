"""The demo: one story for each trade, and a switcher to step into each person."""

from wellchat.accounts.hooks import sign_in_vetoed
from wellchat.demo.cli import demo
from wellchat.demo.pages import pages, stays_out
from wellchat.feature import Feature

feature = Feature("demo", blueprints=(pages,), commands=(demo,), handlers=((sign_in_vetoed, stays_out),))
