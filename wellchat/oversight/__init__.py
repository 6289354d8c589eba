"""Administrators may open any conversation, with a reason, and every look stays on record."""

from wellchat.feature import Feature
from wellchat.oversight.pages import pages

feature = Feature("oversight", blueprints=(pages,))
