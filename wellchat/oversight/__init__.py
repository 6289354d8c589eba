"""Oversight: administrators may open any conversation, with a reason, and every access stays on record."""

from wellchat.feature import Feature
from wellchat.oversight.pages import pages

feature = Feature("oversight", blueprints=(pages,))
