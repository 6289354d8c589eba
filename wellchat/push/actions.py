"""Register, change and remove devices."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update

from wellchat.accounts.models import User, sha256_hex
from wellchat.db import db, insert, new_id, transaction
from wellchat.errors import NotFound
from wellchat.push.models import Device

MAX_DEVICES = 20  # devices of one person; the oldest make room


def register(
    *,
    user: User,
    endpoint: str,
    p256dh: str,
    auth: str,
    label: str,
    now: datetime,
    session: str | None,
    token_id: str | None,
    expires_at: datetime | None = None,
    replaces: str | None = None,
) -> tuple[Device, bool]:
    """Register a browser's subscription, or update it. Return the device, and True if it is new to them.

    An endpoint belongs to one browser: whoever signed in there last has it. The settings of the subscription
    that it `replaces` are kept. `session` is the login, which the device goes with.
    """
    with transaction() as db_session:
        inherits = _own(user.id, endpoint) or (_own(user.id, replaces) if replaces else None)
        values = {
            "user_id": user.id,
            "session": session,
            "token_id": token_id,
            "p256dh": p256dh,
            "auth": auth,
            "label": label,
            "shows_words": bool(inherits and inherits.shows_words),
            "expires_at": expires_at,
        }
        if replaces and replaces != endpoint:
            remove(user=user, endpoint=replaces)
        # Another person's registration of this browser: delete it, with the pushes on their way to them.
        db_session.execute(
            delete(Device).where(Device.endpoint_digest == sha256_hex(endpoint), Device.user_id != user.id)
        )
        fresh = insert(Device).values(
            id=new_id(), endpoint=endpoint, endpoint_digest=sha256_hex(endpoint), created_at=now, **values
        )
        device_id = db_session.execute(
            fresh.on_conflict_do_update(index_elements=["endpoint_digest"], set_=values).returning(Device.id)
        ).scalar_one()
        _make_room(user.id)
        return db_session.get_one(Device, device_id, populate_existing=True), inherits is None


def _own(user_id: str, endpoint: str) -> Device | None:
    found = select(Device).where(Device.user_id == user_id, Device.endpoint_digest == sha256_hex(endpoint))
    return db.session.execute(found.execution_options(populate_existing=True)).scalar_one_or_none()


def _make_room(user_id: str) -> None:
    newest = select(Device.id).where(Device.user_id == user_id).order_by(Device.created_at.desc(), Device.id)
    db.session.execute(
        delete(Device)
        .where(Device.user_id == user_id, Device.id.not_in(newest.limit(MAX_DEVICES)))
        .execution_options(synchronize_session=False)
    )


def set_shows_words(*, viewer: User, device_id: str, shows_words: bool) -> None:
    """Choose whether names and texts are shown on the device's lock screen. Raises NotFound."""
    with transaction() as session:
        mine = (Device.id == device_id) & (Device.user_id == viewer.id)
        if session.execute(update(Device).where(mine).values(shows_words=shows_words)).rowcount == 0:  # type: ignore[attr-defined]
            raise NotFound


def remove(*, user: User, endpoint: str | None = None, device_id: str | None = None) -> None:
    """Remove one of the user's devices, by endpoint or by id. Do nothing if it is not theirs."""
    with transaction() as session:
        which = Device.id == device_id if endpoint is None else Device.endpoint_digest == sha256_hex(endpoint)
        session.execute(delete(Device).where(Device.user_id == user.id, which))
