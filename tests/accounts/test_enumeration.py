"""Nobody learns from us whether an address has an account: not from the answer, not from its time."""

from __future__ import annotations

import re
import statistics
import time

import pytest

from tests.accounts.conftest import PASSWORD
from wellchat.accounts import credentials, passwords

KNOWN, UNKNOWN = "cara@example.com", "none@example.com"

FORMS = {
    "/sign-in": {"password": "a wrong one"},
    "/sign-up": {"name": "Mallory", "password": "three warm words", "role": "client"},
    "/forgot-password": {},
}
VOLATILE = {"Date", "Set-Cookie", "Content-Length"}


def told(answer, email):
    text = re.sub(r'(csrf[-_]token" (?:content|value)=)"[^"]+"', r"\1", answer.text.replace(email, "ADDRESS"))
    headers = sorted((name, value) for name, value in answer.headers if name not in VOLATILE)
    return answer.status_code, headers, text


@pytest.mark.parametrize("path", FORMS)
def test_a_form_answers_the_same_for_known_and_unknown_addresses(app, cast, visitor, path):
    answers = [told(visitor().post(path, data={"email": e, **FORMS[path]}), e) for e in (KNOWN, UNKNOWN)]
    assert answers[0] == answers[1]


def test_the_token_call_answers_the_same_for_known_and_unknown_addresses(app, cast, visitor):
    answers = [
        told(visitor().post("/api/tokens", json={"email": e, "password": "a wrong one"}), e)
        for e in (KNOWN, UNKNOWN, "no address at all")
    ]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 401


def test_a_form_answers_the_same_for_unverified_and_unknown_addresses(app, cast, now, visitor):
    waiting = "wait@example.com"
    credentials.sign_up(
        email=waiting, name="Wait", password=PASSWORD, role="client", time_zone="UTC", now=now
    )
    for path, form in FORMS.items():
        answers = [told(visitor().post(path, data={"email": e, **form}), e) for e in (waiting, UNKNOWN)]
        assert answers[0] == answers[1]


@pytest.mark.parametrize("case", ["sign in", "sign up"])
def test_every_case_hashes_exactly_one_password(app, cast, now, monkeypatch, case):
    """Count the hashes instead of the time: Argon2 is nearly all of it, and a busy machine is no watch."""
    waiting = "wait@example.com"
    credentials.sign_up(
        email=waiting, name="Wait", password=PASSWORD, role="client", time_zone="UTC", now=now
    )
    for email in (KNOWN, UNKNOWN, waiting):
        counting = Counting(getattr(passwords.hasher, "real", passwords.hasher))
        monkeypatch.setattr(passwords, "hasher", counting)
        if case == "sign in":
            credentials.authenticate(email=email, password="a wrong one")
        else:
            credentials.sign_up(
                email=email, name="M", password="three warm words", role="client", time_zone="UTC", now=now
            )
        assert counting.work == 1, email


class Counting:
    """The hasher, and how often it was asked to work."""

    def __init__(self, real):
        self.real = real
        self.work = 0

    def hash(self, password):
        self.work += 1
        return self.real.hash(password)

    def verify(self, stored, password):
        self.work += 1
        return self.real.verify(stored, password)

    def check_needs_rehash(self, stored):
        return self.real.check_needs_rehash(stored)


def test_known_and_unknown_addresses_take_the_same_time(app, cast, now):
    """Coarse on purpose: without the work for unknown addresses the ratio is a hundred."""

    def seconds(email):
        start = time.perf_counter()
        credentials.authenticate(email=email, password="a wrong one")
        return time.perf_counter() - start

    pairs = [(seconds(KNOWN), seconds(UNKNOWN)) for _ in range(30)]
    known, unknown = (statistics.median(side) for side in zip(*pairs, strict=True))
    assert 0.5 < known / unknown < 2
