"""Oversight: administrators may open any conversation, with a reason, and every access stays on record."""

from wellchat.feature import Feature, NavItem
from wellchat.i18n import N_
from wellchat.oversight.pages import pages
from wellchat.oversight.personal_data import personal_data

feature = Feature(
    "oversight",
    personal_data=personal_data,
    blueprints=(pages,),
    account_menu=(NavItem("/oversight", N_("Oversight"), "search", visible=lambda viewer: viewer.is_admin),),
    optional=True,
)
