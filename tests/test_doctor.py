"""What the doctor shows of the settings."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest
from flask import Flask

from wellchat import doctor

WITH_PASSWORDS = [
    ("DATABASE_URL", "postgresql+psycopg://u:hush7hush@h:1/n", "postgresql+psycopg://u:***@h:1/n"),
    (
        "DATABASE_URL",
        "postgresql+psycopg:///n?host=h&password=hush7hush",
        "postgresql+psycopg:///n?host=h&password=***",
    ),
    ("REDIS_URL", "redis://:hush7hush@h:1/0", "redis://:***@h:1/0"),
    ("REDIS_URL", "redis://h:1/0?password=hush7hush&db=2", "redis://h:1/0?password=***&db=2"),
    ("BROKER_URL", "amqp://u:a@hush7hush@h", "amqp://u:***@h"),
    ("SMTP_URL", "smtp://u:hush7hush@h:1?starttls=1", "smtp://u:***@h:1?starttls=1"),
    ("SMTP_URL", "smtp://u:hush7/hush7hush@h", "smtp://***"),
    ("SMTP_URL", "smtp://u:hush7#hush7hush@h", "smtp://***"),
    ("S3_ENDPOINT", "https://u:hush7hush@h", "https://u:***@h"),
    ("SMTP_URL", "smtp://u@h", "smtp://u@h"),
    ("DATABASE_URL", "sqlite:////srv/x.db", "sqlite:////srv/x.db"),
    ("REDIS_URL", "unix:///run/v.sock?db=1", "unix:///run/v.sock?db=1"),
    ("BASE_URL", "https://chat.example.com/a", "https://chat.example.com/a"),
]


@pytest.mark.parametrize(("name", "value", "shown"), WITH_PASSWORDS)
def test_passwords_in_addresses_are_not_shown(name: str, value: str, shown: str) -> None:
    assert doctor.masked(name, value) == shown


def test_no_key_is_shown(make_app: Callable[..., Flask]) -> None:
    keys = {
        "SECRET_KEY": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "OLD_SECRET_KEYS": "f9e8d7c6b5a43f2e1d0c9b8a70615243",
        "PSEUDONYM_KEY": "00112233445566778899aabbccddeeff",
        "VAPID_KEY": secrets.token_urlsafe(32),
    }
    report = doctor.run_checks(make_app(**keys))
    assert "WELLCHAT_VAPID_KEY" in report.as_text()
    for key in keys.values():
        assert key not in report.as_text()
        assert key not in str(report.as_data())


def test_settings_are_said_in_words(make_app: Callable[..., Flask]) -> None:
    text = doctor.run_checks(make_app(SMTP_URL=None, RETENTION="", OPEN_DEMO=True)).as_text()
    settings = dict(line.split(maxsplit=1) for line in text.partition("\n\n")[0].splitlines())
    said = [
        settings[f"WELLCHAT_{name}"]
        for name in ("SMTP_URL", "RETENTION", "OPEN_DEMO", "FOUR_EYES", "MAX_WAITING")
    ]
    assert said == ["not set", "not set", "on", "not set", "0"]
