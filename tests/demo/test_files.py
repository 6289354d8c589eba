"""The pictures and the paper of the demo: drawn by us, there from the first moment, gone with a reset."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from sqlalchemy import select

from tests.attachments.files import picture, send, take
from wellchat.accounts.actions import create_user
from wellchat.accounts.queries import user_by_email
from wellchat.attachments.file_types import PDF
from wellchat.attachments.models import READY, Attachment
from wellchat.attachments.storage import get_store, key_of, thumbnail_key
from wellchat.db import db
from wellchat.demo.actions import load, reset
from wellchat.demo.drawings import DRAWINGS
from wellchat.demo.script import read_script
from wellchat.demo.stories import STORIES
from wellchat.errors import Conflict
from wellchat.messaging.models import Message

pytestmark = pytest.mark.slow

SENT = [name for story in STORIES for talk in story.talks for line in talk.lines for name in line.files]


@pytest.fixture
def loaded(app, now):
    load(now=now)
    return app


def rows():
    return list(db.session.execute(select(Attachment).execution_options(populate_existing=True)).scalars())


def test_a_line_of_a_play_has_drawings():
    (line,) = read_script("-1d\n09:00 maya: Look.\n+ the-week.png\n+ estimate.pdf")
    assert (line.text, line.files) == ("Look.", ("the-week.png", "estimate.pdf"))


@pytest.mark.parametrize("name", DRAWINGS)
def test_every_drawing_matches_its_name_and_is_sent_once(name):
    content = DRAWINGS[name]()
    assert content == DRAWINGS[name]() or name == "hexagons.jpg"  # its grain is by chance
    assert len(content) < 150_000
    assert SENT.count(name) == 1
    if name.endswith(".pdf"):
        assert content.startswith(b"%PDF-1.4")
        at = int(content.split()[-2])  # where it says that its table of places lies
        assert content[at : at + 4] == b"xref"
        for number, entry in enumerate(content[at:].splitlines()[3:8], start=1):
            place = int(entry.split()[0])
            assert content[place:].startswith(b"%d 0 obj" % number)
    else:
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.size == (800, 600)
            # something is drawn on it
            assert len(picture.convert("RGB").resize((80, 60)).getcolors(4800)) > 20


@pytest.mark.each_database
def test_drawings_are_sent_with_thumbnails_without_a_worker(loaded, browse, now):
    found = {row.name: row for row in rows()}
    assert sorted(found) == sorted(DRAWINGS)
    assert {row.state for row in found.values()} == {READY}
    assert all(row.due_at is None and row.created_at < now for row in found.values())
    assert found["estimate.pdf"].media_type == PDF.media_type
    hannah = next(person for story in STORIES for person in story.people if person.key == "hannah")
    browser = browse(user_by_email(hannah.email))
    card = found["colour-card.png"]
    message = db.session.get(Message, (card.thread_id, card.message_seq))
    (file,) = message.files
    assert (file["id"], file["thumbnail"]) == (card.id, True)
    page = browser.get(f"/threads/{card.thread_id}").text
    assert f"/attachments/{card.id}/thumbnail" in page
    answer = browser.get(f"/attachments/{card.id}/thumbnail")
    assert (answer.status_code, answer.content_type) == (200, "image/webp")


def test_a_reset_deletes_the_bytes_of_drawings(put_demo, talk, now):
    put_demo()
    real = take(talk.cara, now, picture())
    send(talk, talk.cara, [real], "Mine")
    before = {row.id for row in rows()} - {real.id}
    reset(now=now)
    kept = {key for key, _ in get_store().keys()}  # noqa: SIM118 - a store is no dict
    after = {row.id for row in rows()} - {real.id}
    assert not before & after
    assert len(after) == len(DRAWINGS)
    assert not {key_of(each) for each in before} & kept
    assert not {thumbnail_key(each) for each in before} & kept
    assert {key_of(each) for each in after | {real.id}} <= kept


def test_a_refused_load_leaves_no_file_row(app, now):
    last = STORIES[-1].people[-1]
    create_user(email=last.email, name="Somebody", role="client", now=now)
    with pytest.raises(Conflict):
        load(now=now)
    assert rows() == []
