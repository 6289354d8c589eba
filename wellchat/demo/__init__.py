"""Demo: one story per trade, and a switcher to become each person."""

from wellchat.accounts.hooks import sign_in_vetoed
from wellchat.demo.cli import demo
from wellchat.demo.pages import is_playing, pages, stays_out
from wellchat.demo.personal_data import personal_data
from wellchat.feature import Feature, NavItem
from wellchat.i18n import N_

feature = Feature(
    "demo",
    personal_data=personal_data,
    blueprints=(pages,),
    commands=(demo,),
    account_menu=(NavItem("/demo", N_("Switch to another person"), "people", visible=is_playing),),
    slots={"sign_in": "demo/_switcher.html"},
    handlers=((sign_in_vetoed, stays_out),),
)
