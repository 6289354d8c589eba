"""Invites: a professional's link to share, and the public page that it leads to."""

from wellchat.accounts.hooks import leads_to_person
from wellchat.accounts.models import User
from wellchat.feature import Feature, NavItem
from wellchat.i18n import N_
from wellchat.invites.pages import pages
from wellchat.invites.personal_data import personal_data
from wellchat.invites.queries import name_at


def _invites_people(viewer: User) -> bool:
    return viewer.is_professional


feature = Feature(
    "invites",
    personal_data=personal_data,
    blueprints=(pages,),
    handlers=((leads_to_person, name_at),),
    account_menu=(NavItem("/invite", N_("Invite clients"), "share", visible=_invites_people),),
    icons={"share": '<path d="M10 12.5V3.5M6.5 6.5 10 3l3.5 3.5M5 9.5v6.5h10V9.5"/>'},
    styles=("invites",),
    scripts={"shareLink": "share_link", "enterSends": "enter_sends"},
)
