"""Serve the fixed addresses of security tools: whom to tell of a problem, where passwords change."""

from wellchat.disclosure.pages import pages
from wellchat.feature import Feature

feature = Feature("disclosure", blueprints=(pages,))
