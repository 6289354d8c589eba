"""Read the devices of one person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from wellchat.accounts.models import User
from wellchat.clock import iso
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.push.models import Device


def devices(viewer: User) -> Sequence[Device]:
    """Return the viewer's devices, oldest first."""
    query = select(Device).where(Device.user_id == viewer.id).order_by(Device.created_at, Device.id)
    return db.session.execute(query.execution_options(populate_existing=True)).scalars().all()


def device_by_id(viewer: User, device_id: str) -> Device:
    """Return one of the viewer's devices. Raises NotFound, also for another person's."""
    mine = select(Device).where(Device.id == device_id, Device.user_id == viewer.id)
    if (found := db.session.execute(mine).scalar_one_or_none()) is None:
        raise NotFound
    return found


def device_json(device: Device) -> dict[str, Any]:
    """Return the device as JSON, without its endpoint: with that and our key anybody could push to it."""
    return {
        "id": device.id,
        "label": device.label,
        "shows_words": device.shows_words,
        "created_at": iso(device.created_at),
    }
