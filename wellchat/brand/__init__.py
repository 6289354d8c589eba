"""Show the brand of an installation on its pages and mails, and the words of its trades."""

from flask import Flask, request

from wellchat import branding
from wellchat.accounts.models import User
from wellchat.audit.kinds import NOTICE, AuditKind
from wellchat.brand import cli, host_calls, mail_cli, pages, stored
from wellchat.feature import Feature, NavItem
from wellchat.i18n import N_


def _keep_fresh() -> None:
    # Files are of no brand, and who asks for health must not wait for a database that is away.
    if request.blueprint not in (None, "health"):
        branding.keep_fresh()


def _setup(app: Flask) -> None:
    branding.follow(app, stored.read)
    app.before_request(_keep_fresh)


def _is_owner(viewer: User) -> bool:
    return viewer.may("settings")


def _kind(label: str) -> AuditKind:
    return AuditKind(label, NOTICE, shown_to_person=False, of_admin=True)


feature = Feature(
    "brand",
    blueprints=(pages.pages,),
    commands=(cli.trade,),
    subcommands={"mail": (mail_cli.check, mail_cli.show)},
    doctor_checks=(("mail templates", mail_cli.doctor),),
    context=pages.places,
    filters={"host_of": pages.host_of},
    host_calls=tuple(host_calls.CALLS),
    audited={
        "brand.changed": _kind(N_("Brand changed")),
        "trade.changed": _kind(N_("Trade changed")),
        "trade.removed": _kind(N_("Trade removed")),
    },
    oversight_tabs=(NavItem("/oversight/brand", N_("Brand"), visible=_is_owner),),
    styles=("brand",),
    setup=_setup,
)
