"""The body and the headers of a push."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from urllib.parse import urlsplit

import orjson
from sqlalchemy import select

from wellchat.accounts.queries import language_of
from wellchat.branding import keep_fresh
from wellchat.clock import iso
from wellchat.config import setting
from wellchat.db import db
from wellchat.i18n import force_language, gettext
from wellchat.notifications.kinds import kind_of
from wellchat.notifications.models import Notification
from wellchat.notifications.queries import count_text, notification_url, shown_title, unread_count
from wellchat.push.keys import vapid
from wellchat.push.models import Device, Push
from wellchat.push.web_push import encrypt
from wellchat.setting_types import mailbox

TTL = 86_400  # seconds a push service keeps it for a device that is off; by then an email was sent
SIGNATURE_LIFETIME = 12 * 3600  # seconds; services take a day at most
MAX_CLEARED = 20  # a push holds 4 kB


def compose(device: Device, note: Notification) -> tuple[bytes, list[str]]:
    """Return the encrypted body, and the ids of earlier pushes to this device that it clears.

    Names and texts are in it only if the device's owner chose that. It clears pushes whose notifications have
    been read elsewhere.
    """
    keep_fresh()
    read_pushes = _read_elsewhere(device, note)
    # The worker that makes this has no request, so the language is the reader's own.
    with force_language(language_of(note.user_id)):
        several, discreet = count_text(note), gettext(kind_of(note.kind).discreet)
    if device.shows_words:
        title, body = shown_title(note), "\n".join(filter(None, (note.preview, several)))
    else:
        # On a lock screen that others may see, neither a name nor a text.
        title, body = setting("NAME"), several or discreet
    payload = {
        "id": note.id,
        "tag": note.group_key,
        "title": title,
        "body": body,
        "url": notification_url(note),
        "at": iso(note.updated_at),
        "unread": unread_count(note.user_id),
        "clear": [tag for _, tag in read_pushes],
    }
    return encrypt(orjson.dumps(payload), p256dh=device.p256dh, auth=device.auth), [
        push_id for push_id, _ in read_pushes
    ]


def _read_elsewhere(device: Device, note: Notification) -> list[tuple[str, str]]:
    """Return (push id, tag) of pushes that the device still shows though their news was read."""
    found = db.session.execute(
        select(Push.id, Notification.group_key)
        .join(Notification, Notification.id == Push.notification_id)
        .where(
            Push.device_id == device.id,
            Push.sent_at.is_not(None),
            Push.cleared_at.is_(None),
            Notification.read_at.is_not(None),
            Notification.group_key != note.group_key,
        )
        .order_by(Push.sent_at.desc())
        .limit(MAX_CLEARED)
    )
    return [(push_id, tag) for push_id, tag in found.all()]


def headers(device: Device, note: Notification, now: datetime) -> dict[str, str]:
    """Return the headers of the request (RFC 8030), with the VAPID signature (RFC 8292).

    By `Topic`, a later push of the same group replaces one that the device has not fetched yet.
    """
    topic = hashlib.sha256(f"{device.id} {note.group_key}".encode()).digest()[:24]
    signed = vapid().sign(
        {
            "aud": _origin(device.endpoint),
            "exp": int(now.timestamp()) + SIGNATURE_LIFETIME,
            "sub": _vapid_subject(),
        }
    )
    return {
        "Authorization": str(signed["Authorization"]),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(TTL),
        "Topic": base64.urlsafe_b64encode(topic).decode(),
        "Urgency": kind_of(note.kind).priority,
    }


def _origin(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}"


def _vapid_subject() -> str:
    """Return a contact for the push service (RFC 8292): our URL, or mailto: if that is not https."""
    base: str = setting("BASE_URL")
    return base if base.startswith("https://") else f"mailto:{mailbox(setting('MAIL_FROM'))[1]}"
