"""People with second factors, and the devices they hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from tests.accounts.conftest import PASSWORD, Visitor, again, cast, visitor
from tests.cast import Cast
from tests.factors.device import Device
from wellchat import clock
from wellchat.accounts.models import User
from wellchat.audit.models import AuditEvent
from wellchat.db import db
from wellchat.factors.actions import add_app
from wellchat.factors.codes import STEP

__all__ = ["PASSWORD", "Visitor", "again", "cast", "visitor"]

FACTORS = "/settings/security/factors"


class Phone:
    """An authenticator app with one key."""

    def __init__(self, secret: str) -> None:
        self.totp = pyotp.TOTP(secret)

    def code(self, now: datetime, *, steps: int = 0) -> str:
        """What it shows now, or some steps of 30 s later."""
        return self.totp.generate_otp(int(now.timestamp()) // STEP + steps)


class Holder:
    """A person with an app and recovery codes."""

    def __init__(self, user: User, now: datetime) -> None:
        self.user = user
        secret = pyotp.random_base32()
        self.phone = Phone(secret)
        # The code of the step before, so that the present one is good.
        made = add_app(user_id=user.id, secret=secret, typed=self.phone.code(now, steps=-1), now=now)
        assert made is not None
        self.codes = made


@pytest.fixture
def now() -> datetime:
    """Early in a step of codes, so that none passes while a test runs."""
    return clock.now()


@pytest.fixture
def cara(app: Flask, cast: Cast, now: datetime) -> Holder:
    """Cara, with an app."""
    return Holder(cast.cara, now)


@pytest.fixture
def here(app: Flask) -> str:
    """The address at which passkeys work; the origin of browsers there."""
    app.config["BASE_URL"] = "https://chat.example.com"
    app.config["MFA"] = "off"
    return "https://chat.example.com"


@pytest.fixture
def device(here: str) -> Device:
    """A device that keeps passkeys."""
    return Device(here)


@pytest.fixture
def acts(app: Flask) -> Callable[[], list[tuple[str, str]]]:
    """acts(): (kind, outcome) of what the log has of factors, in order."""

    def acts() -> list[tuple[str, str]]:
        db.session.rollback()
        found = db.session.execute(select(AuditEvent.kind, AuditEvent.outcome).order_by(AuditEvent.at))
        return [(kind, outcome) for kind, outcome in found if kind.startswith("factor.")]

    return acts


def half_way(browser: Visitor, email: str = "cara@example.com") -> Visitor:
    """The password was right."""
    answer = browser.sign_in(email)
    assert (answer.status_code, answer.location) == (303, "/sign-in/second")
    return browser


def proved(browser: Any, user: User) -> Any:
    """A browser in which this person has signed in a moment ago."""
    return browser.signed_in_as(user)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page
    return found[1]
