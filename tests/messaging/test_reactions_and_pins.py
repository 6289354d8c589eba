"""Reactions, pins and quotes: shared by both people, also when made at once, and never out of date."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from wellchat.accounts.models import User
from wellchat.changes.models import Change, ChangeLog
from wellchat.changes.queries import cursor_now
from wellchat.db import db
from wellchat.errors import Invalid, NotFound
from wellchat.messaging.messages import MAX_PINS, delete_message, edit_message, pin, send_message
from wellchat.messaging.models import Message, Reaction
from wellchat.messaging.queries import messages_of, pins_of
from wellchat.messaging.reactions import MAX_REACTIONS, is_emoji, react
from wellchat.messaging.serializers import changed_messages, message_json

EMOJI = [
    "👍",
    "❤️",
    "❤",
    "😂",
    "👍🏽",
    "👩‍💻",
    "👨‍👩‍👧‍👦",
    "🇫🇷",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "1️⃣",
    "#️⃣",
    "☺️",
    "⭐",
    "🫨",
    "🩷",
    "🏳️‍🌈",
    "💋",
    "♾️",
    "👩🏻‍❤️‍💋‍👨🏿",
]
WORDS = [
    "",
    " ",
    "a",
    "1",
    "ok",
    "👍👍",
    "👍 ",
    "é",
    "漢",
    "<",
    "\u200d",
    "👍\u200d",
    "🏽",
    "🇫",
    "\x00",
    "x👍",
    "👍" + "\u200d👍" * 9,
    "🄰",
]


def state(talk, seq=1, viewer=None):
    db.session.rollback()
    return message_json(
        db.session.get(Message, (talk.id, seq), populate_existing=True), (viewer or talk.cara).id
    )


def news(user, since):
    """Return the seqs of the messages that a person's change log has named since a cursor."""
    query = select(Change.message_seq).where(
        Change.user_id == user.id, Change.seq > since, Change.kind == "message"
    )
    return sorted(db.session.execute(query).scalars())


@pytest.mark.parametrize("emoji", EMOJI)
def test_one_emoji_is_accepted(emoji):
    assert is_emoji(emoji)


@pytest.mark.parametrize("text", WORDS)
def test_anything_but_one_emoji_is_refused(text):
    assert not is_emoji(text)


def test_both_people_may_react_to_any_message_with_several_emoji(app, talk, now):
    talk.exchange("c")
    react(viewer=talk.paul, thread_id=talk.id, seq=1, emoji="👍", on=True, now=now)
    react(viewer=talk.cara, thread_id=talk.id, seq=1, emoji="👍", on=True, now=now)
    react(viewer=talk.paul, thread_id=talk.id, seq=1, emoji="🎉", on=True, now=now)
    both = sorted([talk.paul.id, talk.cara.id])
    found = {r["emoji"]: sorted(r["user_ids"]) for r in state(talk)["reactions"]}
    assert found == {"👍": both, "🎉": [talk.paul.id]}
    react(viewer=talk.paul, thread_id=talk.id, seq=1, emoji="👍", on=False, now=now)
    assert {r["emoji"]: r["user_ids"] for r in state(talk)["reactions"]} == {
        "👍": [talk.cara.id],
        "🎉": [talk.paul.id],
    }


def test_repeating_a_reaction_or_pin_records_no_change(app, talk, now):
    talk.exchange("c")
    react(viewer=talk.paul, thread_id=talk.id, seq=1, emoji="👍", on=True, now=now)
    pin(viewer=talk.paul, thread_id=talk.id, seq=1, on=True, now=now)
    heads = cursor_now(talk.paul.id).seq, cursor_now(talk.cara.id).seq
    react(viewer=talk.paul, thread_id=talk.id, seq=1, emoji="👍", on=True, now=now)
    pin(viewer=talk.cara, thread_id=talk.id, seq=1, on=True, now=now)
    react(viewer=talk.cara, thread_id=talk.id, seq=1, emoji="👍", on=False, now=now)
    assert (cursor_now(talk.paul.id).seq, cursor_now(talk.cara.id).seq) == heads
    assert state(talk)["revision"] == 2


def test_one_emoji_in_two_spellings_is_one_reaction(app, talk, now):
    talk.exchange("c")
    react(viewer=talk.paul, thread_id=talk.id, seq=1, emoji="❤️", on=True, now=now)
    react(viewer=talk.cara, thread_id=talk.id, seq=1, emoji="❤", on=True, now=now)
    assert [(r["emoji"], len(r["user_ids"])) for r in state(talk)["reactions"]] == [("❤️", 2)]
    react(viewer=talk.paul, thread_id=talk.id, seq=1, emoji="❤", on=False, now=now)
    assert [r["user_ids"] for r in state(talk)["reactions"]] == [[talk.cara.id]]


def test_reactions_of_a_person_have_a_limit(app, talk, now):
    talk.exchange("c")
    for i in range(MAX_REACTIONS):
        react(viewer=talk.paul, thread_id=talk.id, seq=1, emoji=chr(0x1F600 + i), on=True, now=now)
    with pytest.raises(Invalid, match="at most"):
        react(viewer=talk.paul, thread_id=talk.id, seq=1, emoji="👍", on=True, now=now)
    react(viewer=talk.cara, thread_id=talk.id, seq=1, emoji="👍", on=True, now=now)


def test_reactions_and_pins_are_recorded_for_both_people(app, talk, now):
    talk.exchange("c")
    for mark in (
        lambda: react(viewer=talk.paul, thread_id=talk.id, seq=1, emoji="👍", on=True, now=now),
        lambda: react(viewer=talk.paul, thread_id=talk.id, seq=1, emoji="👍", on=False, now=now),
        lambda: pin(viewer=talk.paul, thread_id=talk.id, seq=1, on=True, now=now),
        lambda: pin(viewer=talk.cara, thread_id=talk.id, seq=1, on=False, now=now),
    ):
        heads = {user.id: cursor_now(user.id).seq for user in (talk.cara, talk.paul)}
        before = state(talk)["revision"]
        mark()
        assert all(news(user, heads[user.id]) == [1] for user in (talk.cara, talk.paul))
        assert state(talk)["revision"] == before + 1


def test_a_deleted_message_loses_its_reactions_and_accepts_none(app, talk, now):
    talk.exchange("c")
    react(viewer=talk.paul, thread_id=talk.id, seq=1, emoji="👍", on=True, now=now)
    pin(viewer=talk.paul, thread_id=talk.id, seq=1, on=True, now=now)
    delete_message(viewer=talk.cara, thread_id=talk.id, seq=1, now=now)
    assert (state(talk)["reactions"], state(talk)["pinned_at"]) == ([], None)
    assert db.session.scalar(select(func.count()).select_from(Reaction)) == 0
    assert pins_of(talk.cara, talk.id) == []
    with pytest.raises(Invalid):
        react(viewer=talk.paul, thread_id=talk.id, seq=1, emoji="👍", on=True, now=now)
    with pytest.raises(Invalid):
        pin(viewer=talk.paul, thread_id=talk.id, seq=1, on=True, now=now)


def test_outsiders_can_neither_react_nor_pin(app, cast, talk, now):
    talk.exchange("cp")
    for viewer in (cast.olga, cast.rita, cast.ada):
        with pytest.raises(NotFound):
            react(viewer=viewer, thread_id=talk.id, seq=1, emoji="not even an emoji", on=True, now=now)
        with pytest.raises(NotFound):
            pin(viewer=viewer, thread_id=talk.id, seq=1, on=True, now=now)
        with pytest.raises(NotFound):
            pins_of(viewer, talk.id)


def test_pins_are_shared_latest_first_and_limited(app, talk, now):
    talk.exchange("c" * (MAX_PINS + 1))
    for seq in range(1, MAX_PINS + 1):
        pin(viewer=talk.cara, thread_id=talk.id, seq=seq, on=True, now=now)
    assert [m.seq for m in pins_of(talk.paul, talk.id)] == list(range(MAX_PINS, 0, -1))
    with pytest.raises(Invalid, match="Unpin one first"):
        pin(viewer=talk.paul, thread_id=talk.id, seq=MAX_PINS + 1, on=True, now=now)
    pin(viewer=talk.paul, thread_id=talk.id, seq=7, on=False, now=now)
    pin(viewer=talk.paul, thread_id=talk.id, seq=MAX_PINS + 1, on=True, now=now)


# At once


@pytest.mark.each_database
def test_concurrent_reactions_are_all_kept(app, talk, now, at_once):
    """The copy on the message is written as a whole.

    Without the lock of the thread, one reaction would be lost.
    """
    talk.exchange("c")
    ids = [talk.cara.id, talk.paul.id]
    emoji = [chr(0x1F600 + i) for i in range(5)]

    def act(i):
        user = db.session.get(User, ids[i % 2])
        for each in emoji:
            react(viewer=user, thread_id=talk.id, seq=1, emoji=each, on=True, now=now)
        react(viewer=user, thread_id=talk.id, seq=1, emoji=emoji[0], on=False, now=now)

    at_once(6, act)
    rows = db.session.execute(
        select(Reaction.emoji, Reaction.user_id).where(Reaction.thread_id == talk.id)
    ).all()
    shown = {(r["emoji"], user_id) for r in state(talk)["reactions"] for user_id in r["user_ids"]}
    assert shown == {tuple(row) for row in rows}
    assert {(each, user_id) for each in emoji[1:] for user_id in ids} <= shown


@pytest.mark.each_database
def test_concurrent_pins_do_not_exceed_the_limit(app, talk, now, at_once):
    talk.exchange("c" * (MAX_PINS + 5))
    for seq in range(1, MAX_PINS - 1):
        pin(viewer=talk.cara, thread_id=talk.id, seq=seq, on=True, now=now)
    ids = [talk.cara.id, talk.paul.id]

    def act(i):
        try:
            pin(
                viewer=db.session.get(User, ids[i % 2]), thread_id=talk.id, seq=MAX_PINS + i, on=True, now=now
            )
        except Invalid:
            return False
        return True

    assert sum(at_once(6, act)) == 2
    assert len(pins_of(talk.cara, talk.id)) == MAX_PINS


@pytest.mark.each_database
def test_a_reaction_and_a_deletion_at_once_leave_no_reaction(app, talk, now, at_once):
    """In any order, the tombstone has neither reaction nor pin."""
    talk.exchange("c" * 10)
    cara_id, paul_id = talk.cara.id, talk.paul.id

    def act(i):
        for seq in range(1, 11):
            if i == 0:
                delete_message(viewer=db.session.get(User, cara_id), thread_id=talk.id, seq=seq, now=now)
            else:
                try:
                    paul = db.session.get(User, paul_id)
                    react(viewer=paul, thread_id=talk.id, seq=seq, emoji="👍", on=True, now=now)
                    pin(viewer=paul, thread_id=talk.id, seq=seq, on=True, now=now)
                except Invalid:
                    pass

    at_once(2, act)
    assert [(m.reactions, m.pinned_at) for m in messages_of(talk.cara, talk.id)[0]] == [(None, None)] * 10
    assert db.session.scalar(select(func.count()).select_from(Reaction)) == 0


# Quotes


def answer(talk, sender, seq, now, body="an answer"):
    key = f"answer-{talk.said}-{seq}-{body}"
    message, _ = send_message(
        sender=sender, thread_id=talk.id, body=body, client_key=key, reply_to=seq, now=now
    )
    return message


@pytest.mark.each_database
def test_a_quote_shows_the_present_state_of_the_message(app, talk, now):
    talk.exchange("cp")
    said = message_json(answer(talk, talk.paul, 1, now), talk.paul.id)
    quote = {"seq": 1, "sender_id": talk.cara.id, "body": "message 1", "deleted": False}
    assert (said["reply_to"], said["quote"]) == (1, quote)
    assert state(talk, 3)["quote"] == quote
    heads = {user.id: cursor_now(user.id).seq for user in (talk.cara, talk.paul)}
    edit_message(viewer=talk.cara, thread_id=talk.id, seq=1, body="better\nwords", now=now)
    db.session.rollback()
    for user in (talk.cara, talk.paul):
        assert news(user, heads[user.id]) == [1, 3]
        told = changed_messages(user.id, after=heads[user.id], up_to=cursor_now(user.id).seq)
        assert message_json(told[1], user.id)["quote"] == {**quote, "body": "better words"}
        assert told[1].revision == 1
    delete_message(viewer=talk.cara, thread_id=talk.id, seq=1, now=now)
    assert state(talk, 3)["quote"] == {**quote, "body": None, "deleted": True}
    assert state(talk, 3)["revision"] == 2


def test_quotes_in_lists_and_updates_take_one_statement(app, talk, now, queries):
    talk.exchange("cp" * 5)

    def count(look):
        db.session.rollback()
        db.session.expunge_all()
        with queries() as counted:
            look()
        return counted.count

    def page():
        return [message_json(m, talk.cara.id) for m in messages_of(talk.cara, talk.id)[0]]

    def update():
        return [message_json(m, talk.cara.id) for m in changed_messages(talk.cara.id, after=0, up_to=10_000)]

    plain = count(page), count(update)
    answer(talk, talk.paul, 1, now)
    assert (count(page), count(update)) == (plain[0] + 1, plain[1] + 1)
    for seq in range(2, 10):
        answer(talk, talk.paul, seq, now)
    answer(talk, talk.paul, 11, now)  # an answer to an answer
    react(viewer=talk.paul, thread_id=talk.id, seq=1, emoji="👍", on=True, now=now)
    pin(viewer=talk.paul, thread_id=talk.id, seq=2, on=True, now=now)
    db.session.rollback()
    assert (count(page), count(update)) == (plain[0] + 1, plain[1] + 1)


def test_sending_a_plain_message_takes_at_most_eight_statements(app, talk, now, queries):
    talk.exchange("cp")
    db.session.rollback()
    with queries() as counted:
        message, _ = send_message(sender=talk.cara, thread_id=talk.id, body="x", client_key="plain", now=now)
        message_json(message, talk.cara.id)
    assert counted.count <= 8


def test_a_reaction_or_pin_takes_a_fixed_number_of_statements(app, talk, now, queries):
    talk.exchange("c")

    def count():
        db.session.rollback()
        with queries() as counted:
            react(viewer=talk.paul, thread_id=talk.id, seq=1, emoji=next(emoji), on=True, now=now)
        return counted.count

    emoji = iter("😀😁😂😃😄😅")
    few = count()
    assert [count() for _ in range(4)] == [few] * 4
    assert db.session.scalar(select(func.count()).select_from(ChangeLog)) > 0
