"""Keep the services, prices and hours of professionals, and list their free times."""

from typing import Any

from wellchat.accounts.models import User
from wellchat.availability import actions, cli, models
from wellchat.availability.api import api
from wellchat.availability.forms import PutService
from wellchat.availability.pages import pages
from wellchat.availability.personal_data import personal_data
from wellchat.feature import Feature, NavItem
from wellchat.i18n import N_

__all__ = ["feature", "models"]


def _is_professional(viewer: User) -> bool:
    return viewer.is_professional


def samples(talk: Any) -> dict[str, Any]:
    """Return a service and a day off of Paul's, and bodies, for the tests of who may see what."""
    form = PutService(name="Follow-up", minutes=60)
    made = actions.put_service(viewer=talk.paul, form=form, now=talk.now)
    today = talk.now.date()
    off = actions.take_days_off(viewer=talk.paul, first=today, last=today, now=talk.now)
    return {
        "service_id": made.id,
        "exception_id": off.id,
        "/services/<service_id>": {"name": "Follow-up", "minutes": "60"},
    }


feature = Feature(
    "availability",
    optional=True,
    on_by_default=False,
    blueprints=(pages, api),
    personal_data=personal_data,
    commands=(cli.service, cli.starts),
    account_menu=(NavItem("/availability", N_("Availability"), "hours", visible=_is_professional),),
    icons={"hours": '<circle cx="10" cy="10" r="6.75"/><path d="M10 6v4.25l-2.75 1.5"/>'},
    styles=("booking",),
    samples=samples,
)
