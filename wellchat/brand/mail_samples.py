"""Examples of what each kind of mail is given, with long names, for checking templates of mails."""

from __future__ import annotations

from datetime import date
from typing import Any

from wellchat.i18n import format_date

Sample = dict[str, Any]

DAY, PATH = date(2026, 11, 12), "/threads/example#7"
EMAIL = "somebody.with.a.long.address@example.com"
UNSUBSCRIBE = "/unsubscribe/example?a=1&b=2"
MARK = "zz-name"  # an element, where a name was printed without escaping
ALWAYS = (
    "name reply_to link_to url enter address installation brand_links style now unsubscribe_path covers "
    "language"
)
"""Names that every template may use, beside its own."""


def _day() -> str:
    return format_date(DAY, "long")


def _digest(name: str) -> Sample:
    other = {
        "name": name,
        "label": name[:40],
        "initials": "ZZ",
        "face": dict.fromkeys(("back", "ink", "dark_back", "dark_ink"), "#123456"),
    }
    message = {"lines": [name, "See you then."], "time": "14:05", "about": name}
    thread = {
        "other": other,
        "about": name,
        "path": PATH,
        "covers": {"thread_id": "example", "first_seq": 7, "last_seq": 9},
        "count": 3,
        "earlier": 2,
        "end": {"label": name, "path": UNSUBSCRIBE},
        "days": [{"day": _day(), "messages": [message] * 2}],
        "received": 3,
        "sent": 2,
        "waits": "you",
        "since": _day(),
    }
    return {
        "threads": [thread, thread, thread],
        "count": 9,
        "senders": [name, name[:40]],
        "zone": "Europe/Berlin",
        "cadence": "daily",
        "test": None,
        "unsubscribe_path": UNSUBSCRIBE,
    }


def _booking(name: str) -> Sample:
    words = {"headline": name, "line": f"{_day()}, {name}", "kind": "reminder", "path": PATH}
    return {**words, "zone": "Europe/Berlin", "unsubscribe_path": UNSUBSCRIBE}


def _of_accounts(name: str) -> dict[str, Sample]:
    """Return the examples of mails about an account: its address, ways to sign in, and data."""
    return {
        "address_asked": {"new_email": EMAIL},
        "address_changed": {"new_email": EMAIL, "path": PATH},
        "address_check": {},
        "address_confirm": {"path": PATH},
        "address_done": {"new_email": EMAIL, "old_email": EMAIL},
        "already_registered": {"next": "/new"},
        "erasure_asked": {"day": _day(), "days": 7},
        "erasure_done": {"link": PATH},
        "export_ready": {"days": 7},
        "factor_added": {"factor": "passkey", "label": name},
        "factor_removed": {"factor": "passkey", "label": name},
        "factor_reset_asked": {},
        "factors_reset": {},
        "invitation": {"path": PATH, "role": "client"},
        "new_device": {
            "device": name,
            "network": "192.0.2.0/24",
            "at": "2026-11-12T14:05:00+00:00",
            "zone": "UTC",
        },
        "password_changed": {},
        "recovery_code_used": {"left": 3},
        "reset": {},
        "token_made": {"token": name, "made_by": "password"},
        "verification": {},
        "welcome": {"role": "client"},
    }


def samples(name: str) -> dict[str, Sample]:
    """Return {mail: its example}, for a person called `name`, with days in the current language."""
    digest, week = _digest(name), {"more": 2, "received": 9, "sent": 6, "on_you": 2, "began": _day()}
    found: dict[str, Sample] = {
        **_of_accounts(name),
        "appointment": _booking(name),
        "digest": digest,
        "discreet": {
            "discreet_line": "1 new message",
            "discreet_detail": None,
            "unsubscribe_path": UNSUBSCRIBE,
        },
        "follow_up": {"headline": name, "note": name, "path": PATH, "unsubscribe_path": UNSUBSCRIBE},
        "host_key_ends": {"key": name, "days": 7},
        "host_notification": {
            "title": name,
            "lines": [name, name],
            "link": "https://shop.example.com/orders/7",
            "label": name[:40],
            "unsubscribe_path": UNSUBSCRIBE,
        },
        "lead_claimed": {"headline": name, "line": name, "path": PATH, "unsubscribe_path": UNSUBSCRIBE},
        "look_notice": {"other": name, "day": _day()},
        "mail_complaint": {},
        "measure": {"what": "pause", "days": 3, "appeal": EMAIL},
        "reply_refused": {
            "why": "It holds no words.",
            "choices": [{"other": name, "about": name, "path": PATH, "address": EMAIL}],
            "path": PATH,
            "other": name,
            "subject": name,
        },
        "suspicion": {"what": "Suspicion"},
        "test": {**digest, "test": True},
        "webhook_failing": {"webhook_url": "https://shop.example.com/hook", "disabled": True, "path": PATH},
        "week": {**digest, **week, "threads": digest["threads"][:2]},
    }
    return {mail: {"name": name, **sample} for mail, sample in found.items()}


PLAIN_NAME = "Alex Example"


def long_name() -> str:
    """Return a name of 120 characters, as long as one can be, with what HTML would take for an element."""
    return (f'Wilhelmina <{MARK}>&" ' + "Featherstonehaugh-Cholmondeley von und zu Hohenstein " * 3)[:120]
