"""Reply addresses: what they hold, how long they last, and that nobody makes one up."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from tests.mail.world import NOON, World
from tests.replies.raw import address_of, hand_over, raw_mail
from wellchat.accounts.credentials import end_sessions
from wellchat.mail.addresses import (
    LIFETIME,
    digest_reply_address,
    envelope_sender,
    parse_reply_address,
)

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
    for cut in range(1, 26):
        # Version 0.2 signed with 14 characters, for addresses that end within its 90 days.
        is_old = cut == 12 and datetime(2027, 3, 16, tzinfo=UTC) > NOON + LIFETIME
        assert bool(parse_reply_address(f"{local[:-cut]}@{domain}")) == is_old
    late = address_of(world.coach, world.thread, now=NOON + timedelta(days=60))
    assert parse_reply_address(f"{late.partition('@')[0][:-12]}@{domain}") is None


@pytest.mark.parametrize("before", ["", "reply+", "eleven-chr+", "a-long-local-part-x+"])
def test_a_reply_address_fits_into_64_characters(world: World, before: str) -> None:
    world.app.config["REPLY_ADDRESS"] = f"{before}*@studio.example"
    to = address_of(world.coach, world.thread)
    assert len(to.partition("@")[0]) <= 64
    assert parse_reply_address(to)


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
