"""Feature flags: what a feature offers can be on for some people first, and be off for all at once."""

from flask import Flask

from wellchat.accounts.models import User
from wellchat.audit.kinds import HIGH, NOTICE, AuditKind
from wellchat.feature import Feature, NavItem
from wellchat.flags.known import check_on, is_on
from wellchat.flags.pages import pages
from wellchat.flags.personal_data import personal_data
from wellchat.i18n import N_

__all__ = ["check_on", "feature", "is_on"]


def _setup(app: Flask) -> None:
    app.jinja_env.globals["flag_is_on"] = is_on


def _is_owner(viewer: User) -> bool:
    return viewer.may("settings")


feature = Feature(
    "flags",
    blueprints=(pages,),
    audited={
        "flag.changed": AuditKind(N_("Feature flag changed"), NOTICE, shown_to_person=False, of_admin=True),
        "flag.stopped": AuditKind(N_("Feature switched off"), HIGH, shown_to_person=False, of_admin=True),
    },
    oversight_tabs=(NavItem("/oversight/flags", N_("Feature flags"), visible=_is_owner),),
    personal_data=personal_data,
    setup=_setup,
)
