"""First steps: what a new installation still lacks, for its owner."""

from wellchat.accounts.models import User
from wellchat.feature import Feature, NavItem
from wellchat.first_run.pages import pages
from wellchat.i18n import N_


def _sets_up(viewer: User) -> bool:
    return viewer.may("settings")


feature = Feature(
    "first_run",
    blueprints=(pages,),
    account_menu=(NavItem("/oversight/first-steps", N_("First steps"), "check", visible=_sets_up),),
    oversight_tabs=(NavItem("/oversight/first-steps", N_("First steps"), visible=_sets_up),),
)
