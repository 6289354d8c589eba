"""Links with a secret, for mails: signed, expiring, and each works once.

A link is bound to what stood when it was made: a reset link dies with the password it is to replace. Nothing of it is
stored before it is used; it is made anew whenever a mail is.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import delete

from wellchat.accounts.models import SESSION_LASTS, UsedLink, User, sha256_hex
from wellchat.db import db, insert, transaction
from wellchat.errors import WellchatError
from wellchat.i18n import N_, gettext
from wellchat.mail.compose import NotWanted


class DeadLink(WellchatError):
    """A link that is expired, was used, or never was one; the three are not told apart."""

    status = 410
    heading = N_("This link no longer works")

    def __init__(self) -> None:
        super().__init__(
            gettext(
                "It may have been used already, or it is too old. Ask for a new one; the newest always works."
            )
        )


class Purpose(NamedTuple):
    name: str
    path: str
    lifetime: timedelta


VERIFY = Purpose("verify", "/verify/", timedelta(days=3))
RESET = Purpose("reset", "/reset-password/", timedelta(hours=1))


def verify_path(user_id: str, now: datetime) -> str:
    """The path of a link that proves the address. Raises NotWanted where it is proven already."""
    user = _owner(user_id)
    if user.verified_at is not None:
        raise NotWanted(N_("The address is verified already."))
    return _path(VERIFY, user, now)


def reset_path(user_id: str, now: datetime) -> str:
    """The path of a link that lets its holder choose a new password."""
    return _path(RESET, _owner(user_id), now)


def _owner(user_id: str) -> User:
    user = db.session.get(User, user_id, populate_existing=True)
    if user is None:
        raise NotWanted(N_("The account is gone."))
    return user


def _path(purpose: Purpose, user: User, now: datetime) -> str:
    expires = int((now + purpose.lifetime).timestamp())
    signed = _signer(purpose).dumps([user.id, expires, _fingerprint(user)])
    return purpose.path + (signed.decode() if isinstance(signed, bytes) else signed)


def link_owner(token: str, purpose: Purpose, *, now: datetime) -> User:
    """Whose link it is, changing nothing. Raises DeadLink."""
    user, key = _read(token, purpose, now=now, lock=False)
    if db.session.get(UsedLink, sha256_hex(key)) is not None:
        raise DeadLink
    return user


def redeem(token: str, purpose: Purpose, *, now: datetime) -> User:
    """Use it up and answer whose it is. Call inside `transaction()`. Raises DeadLink for all but the first."""
    user, key = _read(token, purpose, now=now, lock=True)
    if not use_once(key, now=now):
        raise DeadLink
    return user


def use_once(key: str, *, now: datetime) -> bool:
    """False where somebody was faster: the primary key lets one in."""
    taken = db.session.execute(
        insert(UsedLink)
        .values(digest=sha256_hex(key), used_at=now)
        .on_conflict_do_nothing(index_elements=[UsedLink.digest])
        .returning(UsedLink.digest)
    ).scalar_one_or_none()
    return taken is not None


def trim_used_links(*, now: datetime) -> int:
    """Forget what was used up so long ago that it would no longer work anyhow. Answers how many went."""
    with transaction() as session:
        gone = session.execute(delete(UsedLink).where(UsedLink.used_at < now - SESSION_LASTS))
        return int(gone.rowcount)  # type: ignore[attr-defined]


def _read(token: str, purpose: Purpose, *, now: datetime, lock: bool) -> tuple[User, str]:
    """The owner, and what the link says. Not its spelling, which base64 leaves room to vary."""
    try:
        user_id, expires, fingerprint = _signer(purpose).loads(token)
    except (BadData, ValueError, TypeError):
        raise DeadLink from None
    user = db.session.get(
        User, user_id, populate_existing=True, with_for_update={"key_share": True} if lock else None
    )
    if user is None or now >= datetime.fromtimestamp(expires, UTC) or fingerprint != _fingerprint(user):
        raise DeadLink
    return user, f"{purpose.name}:{user_id}:{expires}:{fingerprint}"


def _signer(purpose: Purpose) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"wellchat.{purpose.name}")


def _fingerprint(user: User) -> str:
    """What stood when the link was made; when it no longer stands, neither does the link."""
    what = (user.password_hash, user.session_epoch, user.email, user.verified_at is not None)
    return sha256_hex(repr(what))[:20]
