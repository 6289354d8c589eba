"""Know the devices on which a person signed in before, and tell them of a new one by mail."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, String, delete, exists, select
from sqlalchemy.orm import Mapped, mapped_column

from wellchat import clock
from wellchat.accounts import credentials, links
from wellchat.accounts.models import User, sha256_hex
from wellchat.audit.actions import record
from wellchat.db import Base, UTCDateTime, db, insert, transaction
from wellchat.i18n import format_date, format_time
from wellchat.mail.actions import queue_mail
from wellchat.mail.models import Mail

DEVICE_LASTS = timedelta(days=400)  # the most that browsers keep a cookie


class KnownDevice(Base):
    """A browser in which a person signed in. Of the id in its cookie only the SHA-256 is stored."""

    __tablename__ = "known_devices"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    device: Mapped[str] = mapped_column(String(80))  # "Firefox on Windows"
    network: Mapped[str] = mapped_column(String(43))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


def is_known(user_id: str, device_id: str) -> bool:
    """Return whether this person signed in on this device before."""
    query = select(
        exists().where(KnownDevice.user_id == user_id, KnownDevice.digest == sha256_hex(device_id))
    )
    return bool(db.session.execute(query).scalar_one())


def note_device(*, user: User, device_id: str, device: str, network: str, now: datetime) -> None:
    """Note that a person signed in on this device, and mail them if it is a new one.

    The first device of all is no news: they have signed up just now.
    """
    with transaction() as session:
        # Both before the insert, after which this device is known.
        has_others = session.execute(select(exists().where(KnownDevice.user_id == user.id))).scalar_one()
        is_new = not is_known(user.id, device_id)
        session.execute(
            insert(KnownDevice)
            .values(
                user_id=user.id,
                digest=sha256_hex(device_id),
                device=device,
                network=network,
                made_at=now,
                seen_at=now,
            )
            .on_conflict_do_update(
                index_elements=[KnownDevice.user_id, KnownDevice.digest],
                set_={"seen_at": now, "device": device, "network": network},
            )
        )
        if is_new and has_others:
            record("device.new", now=now, actor_id=user.id, person_id=user.id)
            context = {"name": user.name, "device": device, "network": network, "at": now.isoformat()}
            queue_mail(user_id=user.id, address=user.email, name="new_device", context=context, now=now)


def deny_device(*, token: str, now: datetime) -> User:
    """End every session for somebody who says "this was not me", and mail them a link for a new password.

    Every device is unknown from then on. Raises links.DeadLink.
    """
    with transaction() as session:
        user = links.redeem(token, links.NOT_ME, now=now)
        # All of them: nobody can tell the stranger's from the owner's.
        session.execute(delete(KnownDevice).where(KnownDevice.user_id == user.id))
        record("device.denied", now=now, person_id=user.id)
        credentials.end_sessions(user_id=user.id)
        context = {"name": user.name, "link": "reset"}
        # A link that was sent a moment ago died with the sessions.
        queue_mail(user_id=user.id, address=user.email, name="reset", context=context, now=now, limited=False)
    return user


def new_device_context(mail: Mail, _now: datetime) -> dict[str, str]:
    """Return the time zone in which the reader is told when it was."""
    user = db.session.get(User, mail.user_id) if mail.user_id else None
    return {"zone": user.time_zone if user else "UTC"}


def moment_in(at: str, zone: str) -> str:
    """Format an ISO 8601 moment in a time zone, such as "Thu 12 Nov, 14:05 (Europe/Paris)"."""
    moment = clock.moment(at).astimezone(ZoneInfo(zone))
    return f"{format_date(moment.date())}, {format_time(moment)} ({zone})"


def trim_devices(*, now: datetime) -> int:
    """Delete the devices whose cookies have ended. Return how many."""
    with transaction() as session:
        gone = session.execute(delete(KnownDevice).where(KnownDevice.seen_at < now - DEVICE_LASTS))
        return int(gone.rowcount)  # type: ignore[attr-defined]
