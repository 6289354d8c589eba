"""Reply addresses: what they hold, how long they last, and that nobody makes one up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import os
from datetime import UTC, datetime, timedelta

import pytest

from tests.mail.world import NOON, World
from tests.replies.raw import address_of, hand_over, raw_mail
from wellchat.accounts.credentials import end_sessions
from wellchat.config import setting
from wellchat.mail.addresses import (
    LIFETIME,
    digest_reply_address,
    envelope_sender,
    parse_reply_address,
)
from wellchat.replies import feature as replies

OK, DATA, NOBODY, NOT_ALLOWED = os.EX_OK, os.EX_DATAERR, os.EX_NOUSER, os.EX_NOPERM


@pytest.mark.each_database
def test_reply_addresses_end_with_the_sessions_where_asked(world: World) -> None:
    to = address_of(world.coach, world.thread)
    end_sessions(user_id=world.coach.id)
    assert hand_over(raw_mail(author=world.coach.email, to=to), to).status == OK
    world.app.config["REPLIES_END_WITH_SESSIONS"] = True
    assert hand_over(raw_mail(author=world.coach.email, to=to), to).status == NOBODY
    to = address_of(world.coach, world.thread)
    assert hand_over(raw_mail(author=world.coach.email, to=to), to).status == OK
    end_sessions(user_id=world.coach.id)
    assert hand_over(raw_mail(author=world.coach.email, to=to), to).status == NOBODY


def test_a_signature_cannot_be_shortened(world: World) -> None:
    to = address_of(world.coach, world.thread)
    local, _, domain = to.partition("@")
    assert parse_reply_address(to)
    for cut in range(1, 25):
        assert parse_reply_address(f"{local[:-cut]}@{domain}") is None


def short(address: str) -> str:
    """The same address as version 0.2 signed it: with 14 characters of five bits."""
    local, _, domain = address.partition("@")
    payload = local.removeprefix("reply+")[:30]
    key = hashlib.sha256(b"wellchat.mail.address:" + setting("SECRET_KEY").encode()).digest()
    signed = base64.b32encode(hmac.digest(key, payload.encode(), "sha256")).decode().lower()[:14]
    crockford = str.maketrans("abcdefghijklmnopqrstuvwxyz234567", "0123456789abcdefghjkmnpqrstvwxyz")
    return f"reply+{payload}{signed.translate(crockford)}@{domain}"


def test_a_short_signature_of_before_is_taken_until_its_end_or_the_operators(world: World) -> None:
    """Version 0.2 signed with 70 bits, for addresses that end within its 90 days."""
    of_before = short(address_of(world.coach, world.thread))
    assert datetime(2027, 3, 16, tzinfo=UTC) > NOON + LIFETIME
    assert parse_reply_address(of_before)
    assert (
        parse_reply_address(short(address_of(world.coach, world.thread, now=NOON + timedelta(days=60))))
        is None
    )
    world.app.config["SHORT_REPLY_ADDRESSES"] = False
    assert parse_reply_address(of_before) is None
    assert hand_over(raw_mail(author=world.coach.email, to=of_before), of_before).status == NOBODY
    assert parse_reply_address(address_of(world.coach, world.thread))


@pytest.mark.parametrize(
    ("before", "bits"),
    [("", 128), ("reply+", 128), ("wellchat+", 128), ("ten-chars+", 124), ("a-long-local-part-x+", 72)],
)
def test_a_signature_has_128_bits_or_the_doctor_says_that_there_is_no_room(
    world: World, before: str, bits: int
) -> None:
    world.app.config.update(REPLY_ADDRESS=f"{before}*@studio.example", SHORT_REPLY_ADDRESSES=False)
    to = address_of(world.coach, world.thread)
    local, _, domain = to.partition("@")
    assert len(local) <= 64
    assert parse_reply_address(to)
    signature = local[len(before) + 30 :]
    # Any of 36 digits may stand at each place.
    assert int(len(signature) * math.log2(36)) >= bits
    ((_, check),) = replies.doctor_checks
    if bits < 128:
        with pytest.raises(ValueError, match="at most eight characters"):
            check(world.app)
    else:
        assert check(world.app)
    # None of its letters can be another one.
    for place in range(len(before) + 30, len(local)):
        other = "0" if local[place] != "0" else "1"
        assert parse_reply_address(f"{local[:place]}{other}{local[place + 1 :]}@{domain}") is None


def test_reply_addresses_hold_kind_person_and_target(world: World) -> None:
    several = digest_reply_address(user_id=world.coach.id, mail_id="0123456789abc", now=NOON)
    assert several
    token = parse_reply_address(several)
    assert token
    assert (token.kind, token.user_id, token.target_id) == ("d", world.coach.id, "0123456789abc")
    sender = parse_reply_address(envelope_sender(mail_id="0123456789abc", now=NOON))
    assert sender
    assert (sender.kind, sender.user_id, sender.target_id) == ("b", "", "0123456789abc")
    assert len(several.partition("@")[0]) <= 64
    world.app.config["REPLY_ADDRESS"] = None
    assert envelope_sender(mail_id="0123456789abc", now=NOON) == "hello@studio.example"
    world.app.config["REPLY_ADDRESS"] = "off"
    assert digest_reply_address(user_id=world.coach.id, mail_id="0123456789abc", now=NOON) is None
