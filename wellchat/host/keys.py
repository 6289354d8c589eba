"""Make, rotate and end the keys of the host, and warn owners before one ends."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from wellchat.accounts.duties import OWNER
from wellchat.accounts.models import ADMIN, User, sha256_hex
from wellchat.audit.actions import record
from wellchat.db import db, execute, new_id, table, transaction
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.event_types import tell_host
from wellchat.host import scopes as host_scopes
from wellchat.host.models import HostKey
from wellchat.i18n import gettext
from wellchat.mail.actions import queue_mail

PREFIX = "wck_"
LASTS_DAYS = 365  # by default, and at the most
GRACE_HOURS = 24  # that a key works on after it was rotated
MAX_GRACE_HOURS = 24 * 30
WARN_DAYS = (30, 7, 1)  # before the end
USED_EVERY = timedelta(minutes=1)
MAX_NETWORKS = 20
FORM = re.compile(r"wck_([0-9a-z]{13})_[A-Za-z0-9_-]{43}")


class Made(NamedTuple):
    """A new key, and its secret, which is shown only now."""

    key: HostKey
    secret: str


class KnownKey(NamedTuple):
    """The key of a request."""

    id: str
    name: str
    scopes: tuple[str, ...]
    networks: tuple[str, ...] | None
    ends_at: datetime
    last_used_at: datetime | None


def make_key(
    *,
    name: str,
    scopes: Collection[str],
    now: datetime,
    days: int = LASTS_DAYS,
    networks: Collection[str] = (),
    made_by: str | None = None,
) -> Made:
    """Make a key. `networks` are CIDRs; none of them: it works from everywhere. Raises Invalid."""
    name = " ".join(name.split())
    if not 0 < len(name) <= 80 or not name.isprintable():
        raise Invalid({"name": gettext("Write a name of 1 to %(num)s characters.", num=80)})
    if not 1 <= days <= LASTS_DAYS:
        raise Invalid({"days": gettext("Choose 1 to %(num)s days.", num=LASTS_DAYS)})
    key = HostKey(id=new_id(), name=name, scopes=host_scopes.checked(scopes), made_at=now, made_by=made_by)
    key.networks, key.ends_at = checked_networks(networks) or None, now + timedelta(days=days)
    return _put(key, now)


def _put(key: HostKey, now: datetime) -> Made:
    secret = f"{PREFIX}{key.id}_{secrets.token_urlsafe(32)}"
    key.digest = sha256_hex(secret)
    with transaction() as session:
        session.add(key)
        session.flush()
        record("host_key.made", now=now, about=("host_key", key.id), detail={"scopes": " ".join(key.scopes)})
    return Made(key, secret)


def checked_networks(networks: Collection[str]) -> list[str]:
    """Return these networks as CIDRs. Raises Invalid for what is none, and for too many."""
    if len(networks) > MAX_NETWORKS:
        raise Invalid({"networks": gettext("At most %(num)s networks.", num=MAX_NETWORKS)})
    try:
        return [str(ip_network(each.strip())) for each in networks]
    except ValueError:
        text = gettext("This is not a network. Write one such as 192.0.2.0/24.")
        raise Invalid({"networks": text}) from None


def rotate_key(*, key_id: str, now: datetime, grace_hours: int = GRACE_HOURS) -> Made:
    """Make a key like this one. The old one works for `grace_hours` more.

    Raises NotFound, Invalid, and Conflict for one that has ended or was rotated already.
    """
    if not 0 <= grace_hours <= MAX_GRACE_HOURS:
        raise Invalid({"grace": gettext("Choose 0 to %(num)s hours.", num=MAX_GRACE_HOURS)})
    with transaction():
        old = _locked(key_id)
        if old.rotated_to is not None or not is_alive(old, now):
            raise Conflict(gettext("This key has ended, or was rotated already."))
        lasts = old.ends_at - old.made_at
        new = HostKey(id=new_id(), name=old.name, scopes=old.scopes, networks=old.networks)
        new.made_at, new.made_by, new.ends_at = now, old.made_by, now + lasts
        made = _put(new, now)
        old.rotated_to = new.id
        old.ends_at = min(old.ends_at, now + timedelta(hours=grace_hours))
        record("host_key.rotated", now=now, about=("host_key", old.id), detail={"to": new.id})
    return made


def end_key(*, key_id: str, now: datetime) -> HostKey:
    """End a key at once. Twice is the same as once. Raises NotFound."""
    with transaction():
        key = _locked(key_id)
        if key.ended_at is None:
            key.ended_at = now
            record("host_key.ended", now=now, about=("host_key", key.id))
    return key


def _locked(key_id: str) -> HostKey:
    key = db.session.get(HostKey, key_id, populate_existing=True, with_for_update=True)
    if key is None:
        raise NotFound
    return key


def is_alive(key: HostKey, now: datetime) -> bool:
    """Return whether the key works at this moment."""
    return key.ended_at is None and key.ends_at > now


def keys(*, now: datetime, ended: bool = False) -> Sequence[HostKey]:
    """Return the keys that work, or all, the latest first."""
    query = select(HostKey).order_by(HostKey.made_at.desc(), HostKey.id)
    if not ended:
        query = query.where(HostKey.ended_at.is_(None), HostKey.ends_at > now)
    return db.session.execute(query).scalars().all()


_k = table(HostKey).c
# Built once, and past the ORM: each call asks.
_KEY = select(
    _k.digest,
    _k.name,
    _k.scopes,
    _k.networks,
    _k.ends_at,
    _k.ended_at,
    _k.last_used_at,
).where(_k.id == bindparam("key"))


def key_by_secret(secret: str, *, now: datetime) -> KnownKey | None:
    """Return the key with this secret. None: there is none, or it has ended."""
    form = FORM.fullmatch(secret)
    if form is None:
        return None
    row = execute(_KEY, {"key": form[1]}).one_or_none()
    if row is None or not hmac.compare_digest(row.digest, sha256_hex(secret)):
        return None
    if row.ended_at is not None or row.ends_at <= now:
        return None
    networks = None if row.networks is None else tuple(row.networks)
    return KnownKey(form[1], row.name, tuple(row.scopes), networks, row.ends_at, row.last_used_at)


def comes_from(key: KnownKey, address: str) -> bool:
    """Return whether the key may be used from this address."""
    if key.networks is None:
        return True
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in ip_network(each) for each in key.networks)


def note_use(key: KnownKey, *, network: str, now: datetime) -> None:
    """Note that a key was used just now. It writes at most once a minute."""
    if key.last_used_at is not None and now - key.last_used_at < USED_EVERY:
        return
    with transaction() as session:
        mine = update(HostKey).where(HostKey.id == key.id)
        session.execute(mine.values(last_used_at=now, last_used_from=network))


def sweep(now: datetime) -> dict[str, int]:
    """Mail owners, and tell the host, 30, 7 and 1 days before a key ends.

    Return {"host_keys_warned": number}.
    """
    soon = (HostKey.ended_at.is_(None), HostKey.rotated_to.is_(None), HostKey.ends_at > now)
    query = select(HostKey).where(*soon, HostKey.ends_at <= now + timedelta(days=max(WARN_DAYS)))
    return {"host_keys_warned": sum(_warn(key, now) for key in db.session.execute(query).scalars().all())}


def _warn(key: HostKey, now: datetime) -> bool:
    """Mail the owners about this key, unless they were told for these days already."""
    days = min(days for days in WARN_DAYS if key.ends_at <= now + timedelta(days=days))
    if key.warned_days is not None and key.warned_days <= days:
        return False
    with transaction() as session:
        # The condition decides between two workers.
        mine = update(HostKey).where(
            HostKey.id == key.id, HostKey.warned_days.is_not_distinct_from(key.warned_days)
        )
        told = session.execute(mine.values(warned_days=days).returning(HostKey.id)).scalar()
        if told is None:
            return False
        for owner in owners():
            context = {"name": owner.name, "key": key.name, "days": days}
            queue_mail(user_id=owner.id, address=owner.email, name="host_key_ends", context=context, now=now)
        tell_host("key.ending", {"key": key.id, "days": days}, now)
    return True


def owners() -> list[User]:
    """Return the administrators who are owners and can sign in."""
    # Roles are words in one text. LIKE would also find a word inside another; administrators are few.
    admins = select(User).where(User.role == ADMIN, User.disabled_at.is_(None))
    return [each for each in db.session.execute(admins).scalars() if OWNER in each.admin_roles.split()]
