"""What a file says wrongly is refused with its reason, and never guessed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.cast import Cast
from tests.imports.conftest import START, Importer, OldChat, messages_in, report_of, stamp, thread_of
from wellchat.imports.lines import MAX_BODY, MAX_LINE, read_line
from wellchat.imports.models import Import
from wellchat.imports.refusing import Refused
from wellchat.imports.times import Clock, read_time, to_moment

MESSAGE = {
    "type": "message",
    "source": "old",
    "chat": "one",
    "id": "m1",
    "from": "c-1",
    "sent_at": "2025-01-31T12:00:00Z",
    "body": "Hello",
}
LATEST = START + timedelta(days=365)


def line(**changes: Any) -> bytes:
    import orjson

    return orjson.dumps({name: value for name, value in (MESSAGE | changes).items() if value != "absent"})


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"{", "no JSON object"),
        (b"[]", "no JSON object"),
        (b'{"type": "message", "body": "\xff"}', "no JSON object in UTF-8"),
        (line(type="talk"), "`type` is one of user, connection, subject, chat, message, read"),
        (line(colour="red"), "there is no field colour"),
        (line(sent_at="2025-01-31T12:00:00"), "without an offset"),
        (line(sent_at="2025-01-31"), "a time is a text such as"),
        (line(sent_at=1738324800), "a time is a text such as"),
        (line(sent_at="1999-12-31T23:59:59Z"), "before the year 2000"),
        (line(sent_at="2999-01-01T00:00:00Z"), "in the future"),
        (line(sent_at="0001-01-01T00:00:00+14:00"), "a time that cannot be"),
        (line(edited_at="2999-01-01T00:00:00Z"), "in the future"),
        (line(body="a\0b"), "NUL"),
        (line(body="x" * (MAX_BODY + 1)), "more than 100000 characters"),
        (line(body=""), "without words and files"),
        (line(body="\u3164 \u2800"), "without words and files"),
        (line(body=7), "`body` is a text"),
        (line(id="absent"), "`id` has 1 to 200 printable characters"),
        (line(id="a\0b"), "printable"),
        (line(deleted="yes"), "`deleted` is true or false"),
        (line(files=[{"path": "../secret"}]), "leads from the folder of files downward"),
        (line(files=[{"path": "/etc/passwd"}]), "leads from the folder of files downward"),
        (line(files="plan.pdf"), "`files` is a list"),
        (b'{"body": "' + b"x" * MAX_LINE + b'"}', "more than 1024 kB"),
        (
            b'{"type": "chat", "source": "o", "chat": "1", "client": "a", "professional": "a"}',
            "the same person",
        ),
        (b'{"type": "user", "external_id": "c", "name": "C", "role": "admin"}', "role:"),
        (b'{"type": "user", "external_id": "c", "name": ' + b"[" * 300 + b"]" * 300 + b"}", "inside of each"),
        (
            b'{"type": "user", "external_id": "c", "name": "C", "as_of": "0001-01-01T00:00:00+14:00"}',
            "There is no such time",
        ),
        (b'{"type": "user", "external_id": "..", "name": "C", "role": "client"}', "Dots alone"),
    ],
)
def test_a_line_is_refused_with_its_reason(raw: bytes, why: str) -> None:
    with pytest.raises(Refused) as refusal:
        read_line(raw, Clock(LATEST))
    assert why in str(refusal.value)


def test_a_time_without_an_offset_is_read_in_the_zone_of_the_file() -> None:
    berlin = Clock(LATEST, ZoneInfo("Europe/Berlin"))
    at, doubled = read_time("2024-07-01T12:00:00.123456", berlin)
    assert (to_moment(at).isoformat(), doubled) == ("2024-07-01T10:00:00.123456+00:00", False)
    at, doubled = read_time("2024-10-27T02:30:00", berlin)
    assert (to_moment(at).isoformat(), doubled) == ("2024-10-27T00:30:00+00:00", True)
    with pytest.raises(Refused, match="the clock was set forward"):
        read_time("2024-03-31T02:30:00", berlin)


def _wrong(old: OldChat) -> None:
    """A file in which one chat is good, and everything else is not."""
    old.chat("one")
    old.says("one", 1)
    old.says("one", 2, by="c-2")
    old.says("nowhere", 3)
    old.chat("nobody", client="c-9")
    old.says("nobody", 4, by="c-9")
    old.chat("swapped", client="p-1", professional="c-1")
    old.chat("about", booking="B-9")
    old.lines.append({**old.lines[1], "body": "the same id again", "sent_at": stamp(9)})


WHY = [
    "c-2 is not one of the two people of this chat",
    "there is no line about its chat",
    "nobody has the id c-9",
    "its chat was refused",
    "p-1 is not a client",
    "there is no subject booking B-9",
]


@pytest.mark.each_database
def test_a_check_and_a_run_refuse_the_same(old: OldChat, importer: Importer, known: Cast) -> None:
    _wrong(old)
    path = old.write()
    checked = importer.checks(path)
    assert (checked.state, checked.made, checked.refused) == ("checked", 2, 6)
    row = importer.runs(path)
    assert (row.state, row.made, row.refused) == ("done", 1, 7)
    for each in (checked, row):
        assert [why for why in WHY if why not in "\n".join(report_of(each))] == []
    assert "the id m1 came twice in this file" in "\n".join(report_of(row))
    assert [each.body for each in messages_in(thread_of("Cara Client"))] == ["words 1"]
    assert importer.verifies(path).line == (
        "chats 1 → threads 1 · messages 1 = 1 · files 0 = 0 · refused 7 · differing 0"
    )


@pytest.mark.each_database
def test_people_of_the_file_are_put_and_wrong_ones_are_refused(
    old: OldChat, importer: Importer, known: Cast
) -> None:
    old.adds("user", external_id="c-7", name="Mina Park", role="client", email="mina@example.com")
    old.adds("user", external_id="c-8", name="Another", role="client", email="mina@example.com")
    old.adds("connection", client="c-7", professional="p-1")
    old.adds("connection", client="c-99", professional="p-1")
    old.adds("subject", kind="lead", external_id="L-1", title="Kitchen", client="c-7", professional="p-1")
    old.adds("chat", source="old", chat="lead", client="c-7", professional="p-1",
             subject={"kind": "lead", "external_id": "L-1"})  # fmt: skip
    old.says("lead", 1, by="c-7")
    row = importer.runs(old.write())
    assert (row.made, row.refused) == (1, 2)
    thread = thread_of("Mina Park")
    assert thread.key_scope == "subject"
    assert [each.subject_id for each in messages_in(thread)] == [None]
    again: Import = importer.runs(old.write())
    assert (again.made, again.same) == (0, 1)
