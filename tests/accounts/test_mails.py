"""Mails about an account say what happened, in words and in HTML, to the address that it concerns."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from tests.cast import Cast
from wellchat.db import db
from wellchat.mail import actions as mail
from wellchat.mail.actions import queue_mail
from wellchat.mail.models import Mail


@pytest.mark.parametrize(
    ("name", "context", "words"),
    [
        ("address_asked", {"new_email": "cara.new@example.com"}, "cara.new@example.com"),
        ("address_done", {}, "Cara Client"),
        ("factor_removed", {"factor": "app", "label": ""}, "Cara Client"),
        ("factor_removed", {"factor": "passkey", "label": "My phone"}, "My phone"),
        ("recovery_code_used", {"left": 1}, "1"),
        ("recovery_code_used", {"left": 0}, "Cara Client"),
    ],
)
def test_a_mail_about_an_account_is_sent(
    app: Flask, cast: Cast, now: datetime, name: str, context: dict[str, Any], words: str
) -> None:
    told = {"name": cast.cara.name, **context}
    queue_mail(user_id=cast.cara.id, address=cast.cara.email, name=name, context=told, now=now)
    mail.sweep(now)
    (sent,) = db.session.query(Mail.id).filter_by(user_id=cast.cara.id, name=name)
    # The folder holds mails of other tests too.
    (letter,) = (app.config["INSTANCE"] / "mail").glob(f"*-{sent.id}.eml")
    text = letter.read_text()
    assert words in text
    assert "text/plain" in text
    assert "text/html" in text
