"""The data that push holds about a person: their devices. Pushes go with the devices."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from wellchat.db import db
from wellchat.personal_data import Person, PersonalData, Rows, rows
from wellchat.push.models import Device

SECRETS = ("session", "endpoint", "endpoint_digest", "p256dh", "auth")


def _export(person: Person) -> dict[str, Rows]:
    return {"push_devices": rows(Device, Device.user_id == person.id, omit=SECRETS)}


def _erase(person: Person, _now: datetime) -> None:
    db.session.execute(delete(Device).where(Device.user_id == person.id))


personal_data = PersonalData(("push_devices.user_id",), _export, _erase)
