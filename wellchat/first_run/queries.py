"""Find out from settings and rows what an installation still lacks."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import exists, select

from wellchat.accounts.models import PROFESSIONAL, User
from wellchat.claims import FAILED, SENT
from wellchat.config import setting
from wellchat.db import db
from wellchat.demo.models import DemoPerson
from wellchat.feature import registry
from wellchat.i18n import N_
from wellchat.mail.models import Mail
from wellchat.own_command import own_command
from wellchat.setting_types import is_for_trying

BRAND = ("/oversight/brand", N_("Change the brand"))
DONE, OPEN, UNSEEN = ("done", "open", "unseen")


class Step(NamedTuple):
    """One thing to do: its state, and where it is done, on a page or in a setting."""

    label: str
    state: str
    words: str  # what it is good for
    path: str | None = None
    action: str | None = None  # the words of the link to `path`
    setting: str | None = None
    command: str | None = None  # for the shell on the server


def steps(viewer: User) -> list[Step]:
    """Return the steps for this owner, in the order in which they are best done."""
    found = [_address(), _mail(), _second_factor(viewer), _name(), _contact(), _objections()]
    found += [_backup(), _sign_up(), _professional()]
    return found + ([_demo()] if _exists(select(DemoPerson.user_id)) else [])


def _exists(query: object) -> bool:
    return bool(db.session.execute(select(exists(query))).scalar_one())  # type: ignore[arg-type]


def _state(is_done: bool) -> str:
    return DONE if is_done else OPEN


def _address() -> Step:
    url = setting("BASE_URL")
    return Step(
        N_("An address with https"),
        _state(url.startswith("https://") and not is_for_trying(url)),
        N_("Links in mails lead there. Push and passkeys need https."),
        setting="WELLCHAT_BASE_URL",
    )


def _mail() -> Step:
    """Done once a mail went out by the server, if the last that was tried did."""
    tried = (
        select(Mail.state)
        .where(Mail.state.in_((SENT, FAILED)))
        .order_by(Mail.created_at.desc(), Mail.id.desc())
    )
    last = db.session.execute(tried.limit(1)).scalar_one_or_none()
    if not setting("SMTP_URL"):
        words = N_("Without a mail server, mails are kept here and reach nobody.")
        return Step(N_("Mail"), OPEN, words, setting="WELLCHAT_SMTP_URL")
    return Step(
        N_("Mail"),
        _state(last == SENT),
        N_("Nobody signs up and nobody hears of a message without it."),
        "/settings/notifications",
        N_("Send yourself a test mail"),
    )


def _second_factor(viewer: User) -> Step:
    return Step(
        N_("A second factor for your account"),
        _state(viewer.factor_since is not None),
        N_("A password alone does not protect what an administrator can do."),
        "/settings/security/factors",
        N_("Set one up"),
    )


def _name() -> Step:
    words = N_("People see it on every page and in every mail.")
    is_set = setting("NAME") != "wellchat"
    return Step(N_("A name of your own"), _state(is_set), words, *BRAND, setting="WELLCHAT_NAME")


def _contact() -> Step:
    words = N_("It stands on the privacy page: whom people ask about their data.")
    is_set = bool(setting("PRIVACY_CONTACT"))
    return Step(N_("A contact for privacy"), _state(is_set), words, setting="WELLCHAT_PRIVACY_CONTACT")


def _objections() -> Step:
    words = N_("It stands in mails about decisions: where people write who disagree with one.")
    is_set = bool(setting("SUPPORT_EMAIL"))
    return Step(
        N_("An address for objections"), _state(is_set), words, *BRAND, setting="WELLCHAT_SUPPORT_EMAIL"
    )


def _backup() -> Step:
    words = N_("This page cannot see your backups. Make them, and put one back once to try.")
    command = own_command("backup", "backups") if registry().has("backup") else None
    return Step(N_("Backups"), UNSEEN, words, command=command)


def _sign_up() -> Step:
    """Open while a stranger can be found as a professional without anybody having looked at them."""
    return Step(
        N_("Who may sign up"),
        _state(setting("SIGN_UP") != "open" or setting("CONFIRM_PROFESSIONALS")),
        N_("Anybody can sign up as a professional. Let in only people you invite, or confirm each one."),
        setting="WELLCHAT_SIGN_UP=invited, WELLCHAT_CONFIRM_PROFESSIONALS=on",
    )


def _professional() -> Step:
    real = User.id.not_in(select(DemoPerson.user_id))
    someone = select(User.id).where(User.role == PROFESSIONAL, User.verified_at.is_not(None), real)
    words = N_("They sign up by themselves, or you invite them by mail from the command line.")
    command = own_command("user", "invite", "THEIR-ADDRESS", "--role", "professional")
    return Step(N_("The first professional"), _state(_exists(someone)), words, command=command)


def _demo() -> Step:
    words = N_("Its people are made up, and everybody knows their password.")
    return Step(N_("The demo taken away"), OPEN, words, command=own_command("demo", "--remove"))
