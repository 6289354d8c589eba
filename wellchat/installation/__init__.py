"""The health of the installation: the database and what waits, on a page of owners and in /metrics."""

from wellchat.accounts.models import User
from wellchat.feature import Feature, NavItem
from wellchat.i18n import N_
from wellchat.installation import metrics
from wellchat.installation.pages import pages
from wellchat.installation.waiting import check_waiting


def _is_owner(viewer: User) -> bool:
    return viewer.may("settings")


feature = Feature(
    "installation",
    optional=True,
    blueprints=(pages,),
    metrics=(metrics.measure,),
    doctor_checks=(("waiting", check_waiting),),
    oversight_tabs=(NavItem("/oversight/health", N_("Health"), visible=_is_owner),),
)
