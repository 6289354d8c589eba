"""A mail that comes in: whose it is, what becomes of it, and who is told."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.mail.world import DELAY, NOON, World
from tests.replies.raw import address_of, bodies, hand_over, raw_mail, received, reply
from wellchat.db import db
from wellchat.digests import runs as digests
from wellchat.mail import actions as mail
from wellchat.mail.addresses import (
    LIFETIME,
    digest_reply_address,
    parse_reply_address,
)
from wellchat.messaging.models import Message
from wellchat.messaging.serializers import changed_messages, message_json
from wellchat.replies.actions import MAX_REJECTION_MAILS, forget_received

OK, DATA, NOBODY, NOT_ALLOWED = os.EX_OK, os.EX_DATAERR, os.EX_NOUSER, os.EX_NOPERM


def rejection_texts(world: World) -> list[str]:
    """Return the texts of the mails that say why a mail was not taken, after sending them."""
    mail.sweep(NOON)
    texts = [m.get_body(("plain",)) for m in world.server.messages if "was not sent" in m["Subject"]]
    return [str(text.get_content()) for text in texts if text]


@pytest.mark.each_database
def test_a_reply_becomes_a_message_in_the_thread(world: World) -> None:
    """The whole way: a digest is sent, and its reader replies from a mail program."""
    world.say(world.client, "Is nine still fine?")
    digests.sweep(NOON + DELAY)
    [digest] = world.server.messages
    raw = raw_mail(
        author=f"Sofia Marin <{world.coach.email}>",
        to=digest["Reply-To"],
        body="Yes, at nine.\n\nOn Wed, Nov 18, 2026 at 1:30 PM wellchat wrote:\n> Is nine still fine?\n\n-- \nSofia",
        In_Reply_To=digest["Message-ID"],
    )
    verdict = hand_over(raw, digest["Reply-To"], now=NOON + 2 * DELAY)
    assert verdict.status == OK
    assert bodies(world) == ["Is nine still fine?", "Yes, at nine."]
    message = db.session.get_one(Message, (world.thread.id, 2))
    assert (message.sender_id, message.created_at) == (world.coach.id, NOON + 2 * DELAY)
    assert world.membership(world.coach).last_read_seq == 2, "who answers a mail has read what it showed"
    [row] = received()
    assert (row.outcome, row.user_id, row.thread_id, row.seq) == ("taken", world.coach.id, world.thread.id, 2)


@pytest.mark.each_database
def test_the_same_mail_again_is_the_same_message(world: World) -> None:
    to = address_of(world.coach, world.thread)
    raw = raw_mail(author=world.coach.email, to=to)
    verdicts = world.together(*[lambda: hand_over(raw, to)] * 6)
    assert [verdict.status for verdict in verdicts] == [OK] * 6
    assert hand_over(b"Received: again by another way\r\n" + raw, to).status == OK
    assert bodies(world) == ["Yes, at nine."]
    assert len(received()) == 1


def test_a_mail_without_a_message_id_is_recognised_by_its_content(world: World) -> None:
    to = address_of(world.coach, world.thread)
    for body in ("One", "One", "Two"):
        raw = raw_mail(author=world.coach.email, to=to, body=body, Message_ID=None)
        assert hand_over(b"Received: here\r\n" + raw, to).status == OK
    assert bodies(world) == ["One", "Two"]


def test_the_same_message_id_with_another_text_changes_nothing(world: World) -> None:
    assert reply(world, message_id="<a@b>").status == OK
    assert reply(world, message_id="<a@b>", body="Other words").status == OK
    assert bodies(world) == ["Yes, at nine."]


@pytest.mark.parametrize(
    "author",
    [
        "Ana <{client}>",
        "Sofia Marin <sofia@elsewhere.example>",
        "{coach} <sofia@elsewhere.example>",
        '"{coach}" <sofia@elsewhere.example>',
        "Sofia <{coach}>, Eve <eve@example.com>",
        "eve@example.com, {coach}",
        "{coach}@example.com",
        "x{coach}",
        "",
        "(comment {coach})",
        "=?utf-8?q?{coach}?= <eve@example.com>",
    ],
)
def test_only_the_person_we_wrote_to_can_reply(world: World, author: str) -> None:
    to = address_of(world.coach, world.thread)
    author = author.format(coach=world.coach.email, client=world.client.email)
    verdict = hand_over(raw_mail(author=author, to=to), to)
    assert verdict.status == NOT_ALLOWED
    assert world.coach.email not in verdict.text
    assert (bodies(world), rejection_texts(world), received()) == ([], [], [])


def test_a_mail_with_two_from_headers_has_no_author(world: World) -> None:
    to = address_of(world.coach, world.thread)
    raw = b"From: eve@example.com\r\n" + raw_mail(author=world.coach.email, to=to)
    assert hand_over(raw, to).status == NOT_ALLOWED


@pytest.mark.parametrize(
    "author",
    [
        "{}",
        "<{}>",
        "Sofia <{}>",
        '"Marin, Sofia" <{}>',
        "Marin, Sofia <{}>",
        "=?utf-8?q?S=C3=B6fia?= <{}>",
        "{} (Sofia)",
    ],
)
def test_the_ways_in_which_mail_programs_write_an_author(world: World, author: str) -> None:
    to = address_of(world.coach, world.thread)
    assert hand_over(raw_mail(author=author.format(world.coach.email.upper()), to=to), to).status == OK


def test_addresses_that_are_not_ours_are_refused(world: World) -> None:
    good = address_of(world.coach, world.thread)
    local, _, domain = good.partition("@")
    other = "0" if local[-1] != "0" else "1"
    bad = [
        "hello@studio.example", "reply@studio.example", f"{local}@elsewhere.example", f"{local[:-1]}{other}@{domain}", f"{local}0@{domain}",
        f"{local[:-1]}@{domain}", local, "", "@", "reply+r@studio.example", good.replace(world.thread.id, world.coach.id),
        good.replace("reply+r", "reply+d"), good.replace("reply+r", "reply+b"), "\x00", "reply+" + "r" * 500 + "@studio.example",
    ]  # fmt: skip
    for address in bad:
        assert parse_reply_address(address) is None, address
        assert hand_over(raw_mail(author=world.coach.email, to=address or "x"), address).status == NOBODY, (
            address
        )
    for address in (good.upper(), f"<{good}>", f" {good} "):
        assert parse_reply_address(address) == parse_reply_address(good) is not None


def test_addresses_signed_with_another_key_are_refused(world: World) -> None:
    to = address_of(world.coach, world.thread)
    world.app.config["SECRET_KEY"] = "another key, and a long one"
    assert hand_over(raw_mail(author=world.coach.email, to=to), to).status == NOBODY


def test_reply_addresses_may_have_a_domain_of_their_own(world: World) -> None:
    world.app.config["REPLY_ADDRESS"] = "*@reply.studio.example"
    to = address_of(world.coach, world.thread)
    assert to.endswith("@reply.studio.example")
    assert to.startswith("r" + world.coach.id)
    assert hand_over(raw_mail(author=world.coach.email, to=to), to).status == OK


def test_people_outside_the_thread_cannot_reply(world: World) -> None:
    stranger = world.user("Olga Outsider")
    to = address_of(stranger, world.thread)
    assert hand_over(raw_mail(author=stranger.email, to=to), to).status == NOBODY
    assert bodies(world) == []


def test_a_reply_address_expires(world: World) -> None:
    to = address_of(world.coach, world.thread)
    raw = raw_mail(author=world.coach.email, to=to)
    assert hand_over(raw, to, now=NOON + LIFETIME).status == OK
    late = raw_mail(author=world.coach.email, to=to)
    assert hand_over(late, to, now=NOON + LIFETIME + timedelta(days=1, hours=1)).status == OK
    assert len(bodies(world)) == 1
    mail.sweep(NOON + LIFETIME + timedelta(days=2))
    [message] = world.server.messages
    assert message["Subject"] == "Your reply to Ana Petrov was not sent"
    assert "too old" in str(message.get_body(("plain",)))
    assert f"https://chat.example/threads/{world.thread.id}" in str(
        message.get_body(("plain",)).get_content()
    )


def test_a_reply_to_a_mail_about_several_threads_is_refused(world: World) -> None:
    other = world.user("Ben Other")
    second = world.open_thread(other, world.coach)
    world.say(world.client, "From Ana")
    world.say(other, "From Ben", thread=second)
    digests.sweep(NOON + DELAY)
    [digest] = world.server.messages
    text = str(digest.get_body(("plain",)).get_content())
    for thread in (world.thread, second):
        assert address_of(world.coach, thread, NOON + DELAY) in text
    assert digest["Reply-To"] is None
    assert "a plain reply to it reaches nobody" in text
    # As mails had it before.
    mail_id = digest["Message-ID"].strip("<>").partition("@")[0]
    to = digest_reply_address(user_id=world.coach.id, mail_id=mail_id, now=NOON + DELAY)
    assert hand_over(raw_mail(author=world.coach.email, to=to, body="Only for one of you"), to).status == OK
    assert (bodies(world), bodies(world, second)) == (["From Ana"], ["From Ben"])
    [why] = rejection_texts(world)
    assert "several conversations" in why
    for thread, name in ((world.thread, "Ana Petrov"), (second, "Ben Other")):
        assert name in why
        to = address_of(world.coach, thread)
        assert to in why
        assert hand_over(raw_mail(author=world.coach.email, to=to, body=f"For {name}"), to).status == OK
        assert bodies(world, thread)[-1] == f"For {name}"


def test_one_mail_may_go_to_two_threads(world: World) -> None:
    second = world.open_thread(world.user("Ben Other"), world.coach)
    both = [address_of(world.coach, thread) for thread in (world.thread, second)]
    assert hand_over(raw_mail(author=world.coach.email, to=", ".join(both)), *both).status == OK
    assert bodies(world) == bodies(world, second) == ["Yes, at nine."]


# What nobody wrote


AUTOMATIC = [
    {"Auto_Submitted": "auto-replied"},
    {"Auto_Submitted": "auto-generated; owner-email=x"},
    {"Precedence": "bulk"},
    {"Precedence": "auto_reply"},
    {"X_Autoreply": "yes"},
    {"List_Id": "<list.example.com>"},
    {"List_Unsubscribe": "<https://example.com>"},
    {"Subject": "Automatic reply: 1 new message"},
    {"Subject": "Out of Office: back on Monday"},
    {"Subject": "=?utf-8?q?R=C3=A9ponse_automatique_=3A_absente?="},
    {"Subject": "Automatische Antwort: 1 new message"},
    {"Subject": "Abwesenheitsnotiz"},
    {"kind": "multipart/report; report-type=disposition-notification"},
    {"Return_Path": "<>"},
]


@pytest.mark.parametrize("signs", AUTOMATIC, ids=lambda signs: " ".join(map(str, *signs.items())))
def test_automatic_replies_are_dropped(world: World, signs: dict[str, str]) -> None:
    to = address_of(world.coach, world.thread)
    verdict = hand_over(raw_mail(author=world.coach.email, to=to, **signs), to, sender=None)
    assert verdict.status == OK
    assert verdict.text.startswith("Dropped")
    assert (bodies(world), rejection_texts(world)) == ([], [])
    [row] = received()
    assert (row.outcome, row.user_id) == ("dropped", world.coach.id)
    assert row.reason


def test_bounces_and_machines_and_ourselves_are_dropped(world: World) -> None:
    to = address_of(world.coach, world.thread)
    for author in ("MAILER-DAEMON@example.com", "postmaster@example.com", "hello@studio.example", to):
        verdict = hand_over(raw_mail(author=author, to=to), to)
        assert verdict.text.startswith("Dropped"), author
    for sender in ("", "<>", "MAILER-DAEMON"):
        assert hand_over(raw_mail(author=world.coach.email, to=to), to, sender=sender).text.startswith(
            "Dropped"
        )
    assert (bodies(world), rejection_texts(world)) == ([], [])


def test_a_mail_of_ours_that_comes_back_makes_no_loop(world: World) -> None:
    """A forward to the reply address must not reply to itself for ever."""
    world.say(world.client, "Hello")
    digests.sweep(NOON + DELAY)
    [digest] = world.server.messages
    assert hand_over(digest.as_bytes(), digest["Reply-To"]).text.startswith("Dropped")
    assert bodies(world) == ["Hello"]


# Headers on mails of people: they ask not to be answered, find loops, count, or deny. And subjects.
OF_PEOPLE = (
    {"Auto_Submitted": "no"},
    {"X_Auto_Response_Suppress": "DR, OOF, AutoReply"},
    {"X_Auto_Response_Suppress": "All"},
    {"X_Loop": "sofia@example.com"},
    {"Feedback_ID": "1:2:3:service"},
    {"X_Autoreply": "no"},
    {"X_MS_Exchange_Inbox_Rules_Loop": "sofia@example.com"},
    {"Subject": "Abwesenheit nächste Woche"},
    {"Subject": "Out of the office on Monday, can we move?"},
    {"Subject": "Automatic response times of the lamp"},
)


def test_what_a_person_wrote_is_never_taken_for_a_machine_s(world: World) -> None:
    for number, signs in enumerate(OF_PEOPLE):
        assert reply(world, body=f"Words {number}", **signs).text == "Taken.", signs
    assert bodies(world) == [f"Words {number}" for number in range(len(OF_PEOPLE))]


# What cannot be taken


BIG = "x" * 10_001
UNTAKEABLE = {
    "empty": ({"body": ""}, "no text of yours"),
    "only a filler": ({"body": "\u3164\u2800"}, "no text of yours"),
    "only a quote": ({"body": "> 1 new message"}, "no text of yours"),
    "only a signature": ({"body": "-- \nSofia"}, "no text of yours"),
    "too long": ({"body": BIG}, "longer than one message can be"),
    "encrypted": ({"kind": "application/pkcs7-mime; name=smime.p7m"}, "encrypted"),
    "only a file": (
        {
            "kind": "multipart/mixed; boundary=b",
            "body": '--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename="plan.pdf"\n\nPDF\n--b--\n',
        },
        "could not accept plan.pdf: The name “plan.pdf” says that this is a PDF",
    ),
    "a picture": ({"kind": "image/png", "body": "\x00PNG"}, "could not accept a file"),
    "nul": ({"body": "\x00\x00"}, "no text of yours"),
}


@pytest.mark.parametrize("name", UNTAKEABLE)
def test_the_author_is_told_once_why_a_mail_was_not_taken(world: World, name: str) -> None:
    form, why = UNTAKEABLE[name]
    for _ in range(3):
        verdict = reply(world, message_id="<one@example.com>", **form)
        assert verdict.status == OK
        assert why in verdict.text
    [text] = rejection_texts(world)
    assert why in text
    assert 'subject "Re: 1 new message"' in text
    assert bodies(world) == []
    assert world.server.recipients == [[world.coach.email]]
    [row] = received()
    assert (row.outcome, row.user_id) == ("refused", world.coach.id)


def test_machines_do_not_reply_to_the_mail_that_tells_the_author(world: World) -> None:
    reply(world, body="")
    rejection_texts(world)
    [message] = world.server.messages
    assert message["Auto-Submitted"] == "auto-generated"
    assert "Reply-To" not in message


def test_an_author_gets_only_so_many_rejections_a_day(world: World) -> None:
    for _ in range(MAX_REJECTION_MAILS + 5):
        reply(world, body="")
    assert len(rejection_texts(world)) == MAX_REJECTION_MAILS
    assert len(received()) == MAX_REJECTION_MAILS + 5


def test_a_mail_that_is_too_large_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wellchat.replies.reading.MAX_BYTES", 2000)
    assert "too large" in reply(world, body="x" * 3000).text
    assert len(rejection_texts(world)) == 1


def test_after_so_many_rejections_the_mail_server_tells_the_author(world: World) -> None:
    verdicts = [reply(world, body="") for _ in range(MAX_REJECTION_MAILS + 1)]
    assert [verdict.status for verdict in verdicts] == [OK] * MAX_REJECTION_MAILS + [NOT_ALLOWED]
    assert "no text of yours" in verdicts[-1].text


def test_a_name_of_ours_in_the_headers_of_a_quote_is_known(world: World) -> None:
    block = "From: wellchat\nDate: 3 March 2027 12:47\nTo: Sofia\n\nOld words."
    reply(world, body=f"Yes.\n\n{block}")
    reply(world, body=f"Book this, please:\n{block.replace('wellchat', 'Leipzig')}")
    assert bodies(world) == ["Yes.", f"Book this, please:\n{block.replace('wellchat', 'Leipzig')}"]


def test_a_reply_says_that_it_came_by_email(world: World) -> None:
    reply(world)
    world.say(world.client, "See you then.")
    stored = db.session.execute(select(Message.by_email).order_by(Message.seq)).scalars().all()
    assert stored == [True, False]
    (by_mail, by_page) = db.session.execute(select(Message).order_by(Message.seq)).scalars()
    assert message_json(by_mail, world.client.id)["by_email"] is True
    assert message_json(by_page, world.client.id)["by_email"] is False
    changed = changed_messages(world.client.id, after=0, up_to=1000)
    assert [message.by_email for message in changed] == [True, False]


def test_records_of_received_mails_are_deleted_after_a_while(world: World) -> None:
    reply(world)
    assert forget_received(NOON + timedelta(days=80)) == 0
    assert forget_received(NOON + timedelta(days=100)) == 1
    assert bodies(world) == ["Yes, at nine."]


def test_a_deleted_account_cannot_reply(world: World) -> None:
    to = address_of(world.coach, world.thread)
    gone = to.replace(world.coach.id, "0000000000000")
    assert hand_over(raw_mail(author=world.coach.email, to=gone), gone).status == NOBODY


@pytest.mark.parametrize("subtype", ["plain", "html"])
def test_our_own_mail_is_stripped_even_if_it_is_not_marked_as_quote(world: World, subtype: str) -> None:
    """This keeps quote stripping in step with templates/emails/digest."""
    world.say(world.client, "Is nine still fine?")
    digests.sweep(NOON + DELAY)
    part = world.server.messages[0].get_body((subtype,))
    ours = str(part.get_content()) if part else ""
    body = f"<p>Yes, at nine.</p>{ours}" if subtype == "html" else f"Yes, at nine.\n\n{ours}"
    to = world.server.messages[0]["Reply-To"]
    hand_over(raw_mail(author=world.coach.email, to=to, body=body, kind=f"text/{subtype}; charset=utf-8"), to)
    assert bodies(world)[1] == "Yes, at nine."
