"""Sign links for mails: they expire, and each works once.

A link is bound to the state of the account when it was made: a reset link dies with the password that it is
to replace. Nothing is stored before it is used, and a mail makes its link when it is sent.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import delete

from wellchat.accounts.models import SESSION_LASTS, UsedLink, User, sha256_hex
from wellchat.config import secret_keys, setting
from wellchat.db import db, insert, transaction
from wellchat.errors import WellchatError
from wellchat.i18n import N_, format_span, gettext
from wellchat.mail.compose import NotWanted


class DeadLink(WellchatError):
    """A link that is expired, used or forged. Nothing tells the three apart."""

    status = 410
    heading = N_("This link no longer works")

    def __init__(self) -> None:
        super().__init__(
            gettext(
                "It may have been used already, or it is too old. Ask for a new one; the newest always works."
            )
        )


class Purpose(NamedTuple):
    """A kind of link: its name, its path and how long it works."""

    name: str
    path: str
    lifetime: timedelta
    lets_in: bool = False  # stands for its owner's password or address: LINK_MINUTES may shorten it

    @property
    def lasts(self) -> timedelta:
        """How long a link of this kind works on this installation."""
        most = timedelta(minutes=setting("LINK_MINUTES"))
        return min(self.lifetime, most) if self.lets_in else self.lifetime


VERIFY = Purpose("verify", "/verify/", timedelta(days=3), lets_in=True)
RESET = Purpose("reset", "/reset-password/", timedelta(hours=1), lets_in=True)
NOT_ME = Purpose("not-me", "/not-me/", timedelta(days=7))
ADDRESS = Purpose("address", "/confirm-address/", timedelta(days=1), lets_in=True)
INVITE = Purpose("invite", "/invited/", timedelta(days=7))
SIGN_IN = Purpose("sign-in", "/sign-in/link/", timedelta(seconds=60))
UNDO = Purpose("undo-address", "/undo-address/", timedelta(days=7))


def link_lasts(name: str) -> str:
    """Return how long a link to `verify`, `reset` or `address` works, in the reader's language: "3 days"."""
    return format_span({"verify": VERIFY, "reset": RESET, "address": ADDRESS}[name].lasts)


def verify_path(user_id: str, now: datetime) -> str:
    """Return the path of a link that verifies the address. Raises NotWanted if it is verified already."""
    user = _owner(user_id)
    if user.verified_at is not None:
        raise NotWanted(N_("The address is verified already."))
    return _path(VERIFY, user, now)


def reset_path(user_id: str, now: datetime) -> str:
    """Return the path of a link to choose a new password. Raises NotWanted if the account is gone."""
    return _path(RESET, _owner(user_id), now)


def not_me_path(user_id: str, now: datetime) -> str:
    """Return the path of a link that says "this was not me". Raises NotWanted if the account is gone."""
    return _path(NOT_ME, _owner(user_id), now)


def path_of(purpose: Purpose, what: str, now: datetime) -> str:
    """Return the path of a link about the thing with the id `what`, whose state says if the link was used."""
    signed = _signer(purpose).dumps([what, int((now + purpose.lasts).timestamp())])
    return purpose.path + (signed.decode() if isinstance(signed, bytes) else signed)


def read(token: str, purpose: Purpose, *, now: datetime) -> str:
    """Return the id of the thing that a link of `path_of` is about. Raises DeadLink."""
    try:
        what, expires = _signer(purpose).loads(token)
        is_dead = now >= datetime.fromtimestamp(expires, UTC)
    except (BadData, ValueError, TypeError):
        raise DeadLink from None
    if is_dead:
        raise DeadLink
    return str(what)


def _owner(user_id: str) -> User:
    user = db.session.get(User, user_id, populate_existing=True)
    if user is None:
        raise NotWanted(N_("The account is gone."))
    return user


def path_for(user: User, purpose: Purpose, now: datetime, *, number: str = "") -> str:
    """Return the path of a link of this purpose for a user.

    Two links of one second are the same, and one use ends both, unless each has a `number` of its own.
    """
    return _path(purpose, user, now, number)


def _path(purpose: Purpose, user: User, now: datetime, number: str = "") -> str:
    expires = int((now + purpose.lasts).timestamp())
    what = [user.id, expires, _fingerprint(user), *([number] if number else [])]
    signed = _signer(purpose).dumps(what)
    return purpose.path + (signed.decode() if isinstance(signed, bytes) else signed)


def link_owner(token: str, purpose: Purpose, *, now: datetime) -> User:
    """Return the user of a link without using it up. Raises DeadLink."""
    user, key = _read(token, purpose, now=now, lock=False)
    if db.session.get(UsedLink, sha256_hex(key)) is not None:
        raise DeadLink
    return user


def redeem(token: str, purpose: Purpose, *, now: datetime) -> User:
    """Use up a link and return its user. Call inside `transaction()`.

    Raises DeadLink for all but the first.
    """
    # The row lock makes two holders of different links wait for each other: the second finds the changed
    # state.
    user, key = _read(token, purpose, now=now, lock=True)
    if not use_once(key, now=now):
        raise DeadLink
    return user


def use_once(key: str, *, now: datetime) -> bool:
    """Mark a key as used.

    Return False if it was used before: the primary key lets only one insert succeed.
    """
    taken = db.session.execute(
        insert(UsedLink)
        .values(digest=sha256_hex(key), used_at=now)
        .on_conflict_do_nothing(index_elements=[UsedLink.digest])
        .returning(UsedLink.digest)
    ).scalar_one_or_none()
    return taken is not None


def is_used(key: str) -> bool:
    """Return whether a key was used, as one process sees it now."""
    return db.session.get(UsedLink, sha256_hex(key)) is not None


def mark_used(digests: Collection[str], *, now: datetime) -> None:
    """Mark keys as used by their digests. One that was used before is no error."""
    rows = [{"digest": digest, "used_at": now} for digest in digests]
    statement = insert(UsedLink).values(rows).on_conflict_do_nothing(index_elements=[UsedLink.digest])
    db.session.execute(statement)


def trim_used_links(*, now: datetime) -> int:
    """Delete used links and ended sessions that have expired anyway. Return how many."""
    with transaction() as session:
        # SESSION_LASTS is longer than any link works, so nothing deleted here could be used again.
        gone = session.execute(delete(UsedLink).where(UsedLink.used_at < now - SESSION_LASTS))
        return int(gone.rowcount)  # type: ignore[attr-defined]


def _read(token: str, purpose: Purpose, *, now: datetime, lock: bool) -> tuple[User, str]:
    """Return (user, key).

    The key is built from the content, because base64 allows several spellings of it.
    """
    try:
        user_id, expires, fingerprint, *number = _signer(purpose).loads(token)
    except (BadData, ValueError, TypeError):
        raise DeadLink from None
    user = db.session.get(
        User, user_id, populate_existing=True, with_for_update={"key_share": True} if lock else None
    )
    if (
        user is None
        or not user.is_active
        or now >= datetime.fromtimestamp(expires, UTC)
        or not _fits(fingerprint, user)
    ):
        raise DeadLink
    return user, ":".join(map(str, (purpose.name, user_id, expires, fingerprint, *number)))


def _signer(purpose: Purpose) -> URLSafeSerializer:
    return URLSafeSerializer(secret_keys(), salt=f"wellchat.{purpose.name}")


def _fingerprint(user: User) -> str:
    """Return a hash of the account's state; when that changes, links made before no longer work."""
    what = (user.password_hash, user.session_epoch, user.email, user.verified_at is not None)
    # 128 bits (OWASP ASVS 11.4.3).
    return sha256_hex(repr(what))[:32]


def _fits(fingerprint: object, user: User) -> bool:
    """Return whether the account is as it was. Links of version 0.2 have the first 20 characters only."""
    return fingerprint in (_fingerprint(user), _fingerprint(user)[:20])
