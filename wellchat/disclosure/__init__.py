"""What security tools look for at fixed addresses: whom to tell of a problem, where passwords are changed."""

from wellchat.disclosure.pages import pages
from wellchat.feature import Feature

feature = Feature("disclosure", blueprints=(pages,))
