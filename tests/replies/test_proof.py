"""A reply needs proof of its author, by the mail server that the operator has named."""

from __future__ import annotations

import os

import pytest

from tests.mail.world import NOON, World
from tests.replies.raw import address_of, bodies, hand_over, raw_mail, received, reply
from wellchat.mail.addresses import (
    envelope_sender,
    reply_address,
)

OK, DATA, NOBODY, NOT_ALLOWED = os.EX_OK, os.EX_DATAERR, os.EX_NOUSER, os.EX_NOPERM

PROVEN, NOT_PROVEN = OK, NOT_ALLOWED
OURS = "mx.studio.example"


@pytest.mark.parametrize(
    ("results", "status"),
    [
        (f"{OURS}; dmarc=pass header.from=example.com", PROVEN),
        ("MX.studio.example 1; spf=softfail; dmarc=pass", PROVEN),
        (f"{OURS}; dmarc=pass header.from=elsewhere.example", NOT_PROVEN),
        (f"{OURS}; dmarc=fail header.from=example.com", NOT_PROVEN),
        (f"{OURS}; spf=pass smtp.mailfrom=x@example.com; dkim=pass header.d=example.com; dmarc=fail (p=none)", NOT_PROVEN),
        (f"{OURS}; spf=fail; dkim=pass header.d=example.com", PROVEN),
        (f"{OURS}; dkim=pass (2048-bit key; ok) header.i=@example.com header.s=k1 header.b=Ab12", PROVEN),
        (f"{OURS}; dkim=pass header.d=elsewhere.example", NOT_PROVEN),
        (f"{OURS}; dkim=pass header.d=mail.example.com", NOT_PROVEN),
        (f"{OURS}; dkim=pass header.d=com", NOT_PROVEN),
        (f"{OURS}; dkim=pass", NOT_PROVEN),
        (f"{OURS}; spf=pass smtp.mailfrom=bounces@example.com", PROVEN),
        (f"{OURS}; spf=pass smtp.helo=example.com", NOT_PROVEN),
        (f"{OURS}; spf=pass smtp.mailfrom=notexample.com", NOT_PROVEN),
        (f"{OURS}; spf=pass (dmarc=pass) smtp.mailfrom=elsewhere.example", NOT_PROVEN),
        (f"{OURS}; arc=pass; iprev=pass policy.iprev=192.0.2.1", NOT_PROVEN),
        (f"{OURS}; none", NOT_PROVEN),
        (f"{OURS}; dmarc=pass" + " " * 9_000, PROVEN),
        (f"{OURS} (" + "x" * 9_000 + "); dmarc=pass", NOT_PROVEN),
        (f"mx.elsewhere.example ({OURS}); dmarc=pass", NOT_PROVEN),
        ("mx.elsewhere.example; dmarc=pass", NOT_PROVEN),
        ("dmarc=pass header.from=example.com", NOT_PROVEN),
        (None, NOT_PROVEN),
    ],
)  # fmt: skip
def test_a_reply_needs_proof_by_the_named_server_for_the_author_s_domain(
    world: World, results: str | None, status: int
) -> None:
    world.app.config["AUTHSERV_ID"] = OURS
    assert reply(world, Authentication_Results=results).status == status
    assert bodies(world) == (["Yes, at nine."] if status == PROVEN else [])


def test_results_of_several_filters_of_our_server_count_together(world: World) -> None:
    world.app.config["AUTHSERV_ID"] = OURS
    to = address_of(world.coach, world.thread)
    raw = raw_mail(author=world.coach.email, to=to)
    spf = f"Authentication-Results: {OURS}; spf=pass smtp.mailfrom=example.com\r\n".encode()
    dmarc = f"Authentication-Results: {OURS}; dmarc=fail header.from=example.com\r\n".encode()
    assert hand_over(spf + dmarc + raw, to).status == NOT_PROVEN
    other = f"Authentication-Results: {OURS}; dkim=none\r\n".encode()
    assert hand_over(other + spf + raw, to).status == PROVEN


@pytest.mark.each_database
def test_without_a_named_server_replies_are_off_unless_the_operator_wants_them(world: World) -> None:
    to = address_of(world.coach, world.thread)
    world.app.config["UNPROVEN_REPLIES"] = False
    raw = raw_mail(author=world.coach.email, to=to, Authentication_Results=f"{OURS}; dmarc=pass")
    verdict = hand_over(raw, to)
    assert verdict.status == NOT_PROVEN
    assert "answer on the page" in verdict.text
    assert bodies(world) == []
    assert received() == []
    assert reply_address(user_id=world.coach.id, thread_id=world.thread.id, now=NOON) is None
    assert envelope_sender(mail_id="0123456789abc", now=NOON) != "hello@studio.example", "bounces still come"
    world.app.config["AUTHSERV_ID"] = OURS
    assert reply_address(user_id=world.coach.id, thread_id=world.thread.id, now=NOON) == to
