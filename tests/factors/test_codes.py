"""Codes as people type them."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import Type
from argon2.low_level import hash_secret_raw
from flask import Flask

from wellchat.accounts import passwords
from wellchat.factors import codes, keys

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # of RFC 6238, appendix B
AT = datetime(2009, 2, 13, 23, 31, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "typed",
    ["005924", " 005 924 ", "005-924", "００５９２４", "٠٠٥٩٢٤", "005\u202f924", "\u200b005924", "005\n924"],
)
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert codes.fold(typed) == "005924"
    assert codes.is_app_code(codes.fold(typed))


@pytest.mark.parametrize("typed", ["", "00592", "0059244", "00592a", "½05924", "-----"])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert not codes.is_app_code(codes.fold(typed))
    assert codes.as_recovery_code(codes.fold(typed)) is None


def test_codes_are_those_of_the_standard_and_of_the_steps_beside() -> None:
    step = codes.step_of(AT)
    assert codes.matching_step(SECRET, "005924", AT) == step
    assert codes.matching_step(SECRET, "005924", AT + timedelta(seconds=30)) == step
    assert codes.matching_step(SECRET, "005924", AT - timedelta(seconds=1)) == step
    assert codes.matching_step(SECRET, "005924", AT + timedelta(seconds=60)) is None
    assert codes.matching_step(SECRET, "005924", AT - timedelta(seconds=31)) is None


def test_recovery_codes_are_stored_like_passwords(app: Flask) -> None:
    (stored,) = keys.code_digests("01101ABCDE", user_id="1" * 13)
    assert len(stored) == 64
    # Argon2id as passwords have it (RFC 9106): the key of the installation, and their person as salt.
    secret = hmac.digest(keys.key_of("factors.recovery", app.config["SECRET_KEY"]), b"01101ABCDE", "sha256")
    cost = passwords.hasher.time_cost, passwords.hasher.memory_cost, passwords.hasher.parallelism
    again = hash_secret_raw(secret, b"1" * 13, *cost, 32, Type.ID)
    assert stored == again.hex()
    assert keys.code_digests("01101ABCDE", user_id="2" * 13) != [stored]


def test_recovery_codes_cannot_be_mistaken() -> None:
    made = codes.new_recovery_codes()
    assert len(set(made)) == 10
    for code in made:
        assert codes.as_recovery_code(codes.fold(codes.in_groups(code.lower(), 5))) == code
    assert codes.as_recovery_code(codes.fold("oil0 o11l1l")) == "0110011111"
    assert codes.as_recovery_code(codes.fold("OIL01-abcde")) == "01101ABCDE"
    assert codes.as_recovery_code(codes.fold("UUUUU-UUUUU")) is None
