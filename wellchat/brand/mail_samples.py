"""Examples of what each kind of mail is given, with long names, for checking templates of mails."""

from __future__ import annotations

from typing import Any

Sample = dict[str, Any]

UNSUBSCRIBE = "/unsubscribe/example?a=1&b=2"
MARK = "zz-name"  # an element, where a name was printed without escaping
ALWAYS = (
    "name reply_to link_to url address installation brand_links style now unsubscribe_path covers language"
)
"""What every template may use, beside its own."""


def samples(name: str) -> dict[str, Sample]:
    """Return {mail: its example}, for a person called `name`."""
    day, path, email = (
        "Thursday 12 November",
        "/threads/example#7",
        "somebody.with.a.long.address@example.com",
    )
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
        "path": path,
        "covers": {"thread_id": "example", "first_seq": 7, "last_seq": 9},
        "count": 3,
        "earlier": 2,
        "days": [{"day": day, "messages": [message] * 2}],
        "received": 3,
        "sent": 2,
        "waits": "you",
        "since": day,
    }
    digest = {
        "threads": [thread, thread, thread],
        "count": 9,
        "senders": [name, name[:40]],
        "zone": "Europe/Berlin",
        "cadence": "daily",
        "test": None,
        "unsubscribe_path": UNSUBSCRIBE,
    }
    week = {"more": 2, "received": 9, "sent": 6, "on_you": 2, "began": day, "threads": [thread] * 2}
    booking = {"headline": name, "line": f"{day}, {name}", "kind": "reminder", "path": path}
    device = {"device": name, "network": "192.0.2.0/24", "at": "2026-11-12T14:05:00+00:00", "zone": "UTC"}
    choice = {"other": name, "about": name, "path": path, "address": email}
    found: dict[str, Sample] = {
        "address_asked": {"new_email": email},
        "address_changed": {"new_email": email, "path": path},
        "address_check": {},
        "address_confirm": {"path": path},
        "address_done": {"new_email": email, "old_email": email},
        "already_registered": {"next": "/new"},
        "appointment": {**booking, "zone": "Europe/Berlin", "unsubscribe_path": UNSUBSCRIBE},
        "digest": digest,
        "discreet": {
            "discreet_line": "You have a new message",
            "discreet_detail": None,
            "unsubscribe_path": UNSUBSCRIBE,
        },
        "erasure_asked": {"day": day, "days": 7},
        "erasure_done": {"link": path},
        "export_ready": {"days": 7},
        "factor_added": {"factor": "passkey", "label": name},
        "factor_removed": {"factor": "passkey", "label": name},
        "factor_reset_asked": {},
        "factors_reset": {},
        "host_key_ends": {"key": name, "days": 7},
        "host_notification": {
            "title": name,
            "lines": [name, name],
            "link": "https://shop.example.com/orders/7",
            "label": name[:40],
            "unsubscribe_path": UNSUBSCRIBE,
        },
        "invitation": {"path": path, "role": "client"},
        "look_notice": {"other": name, "day": day},
        "measure": {"what": "pause", "days": 3, "appeal": email},
        "new_device": device,
        "password_changed": {},
        "recovery_code_used": {"left": 3},
        "reply_refused": {
            "why": "It holds no words.",
            "choices": [choice],
            "path": path,
            "other": name,
            "subject": name,
        },
        "reset": {},
        "suspicion": {"what": "Suspicion"},
        "test": {**digest, "test": True},
        "token_made": {"token": name, "made_by": "password"},
        "verification": {},
        "webhook_failing": {"webhook_url": "https://shop.example.com/hook", "disabled": True, "path": path},
        "week": {**digest, **week},
        "welcome": {"role": "client"},
    }
    return {mail: {"name": name, **sample} for mail, sample in found.items()}


def long_name() -> str:
    """Return a name of 120 characters, as long as one can be, with what HTML would take for an element."""
    return (f'Wilhelmina <{MARK}>&" ' + "Featherstonehaugh-Cholmondeley von und zu Hohenstein " * 3)[:120]
