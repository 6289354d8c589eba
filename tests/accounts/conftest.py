"""People at browsers, and the mails they get."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.browsing import Browser
from tests.cast import Cast, gather
from wellchat import clock
from wellchat.accounts.models import User
from wellchat.accounts.queries import user_by_email
from wellchat.db import db
from wellchat.mail import compose
from wellchat.mail.models import Mail

PASSWORD = "correct horse"


class Visitor(Browser):
    """Comes as nobody, and signs in by the page."""

    def sign_in(self, email: str, password: str = PASSWORD, **more: Any) -> TestResponse:
        return self.post("/sign-in", data={"email": email, "password": password, **more})

    def is_signed_in(self) -> bool:
        return self.get("/api/me").status_code == 200

    def cookie(self, name: str) -> str | None:
        found = self.get_cookie(name)
        return found.value if found else None


@pytest.fixture
def visitor(app: Flask) -> Callable[[], Visitor]:
    """A new browser each time."""
    app.test_client_class = Visitor
    return app.test_client  # type: ignore[return-value]


@pytest.fixture
def cast(app: Flask, now: datetime) -> Cast:
    """With passwords."""
    return gather(now, password=PASSWORD)


def mails_to(email: str) -> list[Mail]:
    """In the order they were written."""
    db.session.rollback()
    query = select(Mail).where(Mail.address == email).order_by(Mail.created_at)
    return list(db.session.execute(query.execution_options(populate_existing=True)).scalars())


def link_in(mail: Mail) -> str:
    """The path of the link in the mail as it would be sent now."""
    message = message_from_bytes(compose.render(mail, now=clock.now()).content, policy=default)
    text = message.get_body(("plain",)).get_content()
    found = re.search(r"http://127\.0\.0\.1:8000(/(?:verify|reset-password)/\S+)", text)
    assert found, text
    return found[1]


def account(email: str) -> User | None:
    """As the database has it now."""
    db.session.rollback()
    db.session.expire_all()
    return user_by_email(email)


def again(user: User) -> User:
    """The user as the database has them now."""
    db.session.rollback()
    db.session.refresh(user)
    return user
