"""Pictures that may be shown: what each reader sees in each state, who answers, and what stays on record."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select

from tests.attachments.files import photo_with_place, send, take
from wellchat.accounts.personal_data import erase_person, export_person
from wellchat.accounts.standing import disable
from wellchat.attachments.processing import process
from wellchat.db import db
from wellchat.errors import CannotWrite, Conflict, Invalid, NotFound
from wellchat.messaging.messages import delete_message, edit_message, remove_message
from wellchat.messaging.models import Message
from wellchat.portfolio import actions, queries
from wellchat.portfolio.models import CLIENTS, PUBLIC, PortfolioAsk, PortfolioPicture
from wellchat.safety import between

pytestmark = pytest.mark.each_database


def ask_about(talk, files, now, purpose=PUBLIC):
    ids = [each.id for each in files]
    return actions.ask(viewer=talk.paul, thread_id=talk.id, attachments=ids, purpose=purpose, now=now)


def say(talk, ask, now, *, yes=True):
    return actions.answer(viewer=talk.cara, ask_id=ask.id, says_yes=yes, now=now)


@pytest.fixture
def file(talk, now):
    """One that Cara sent, taken by a phone that writes down where."""
    file = take(talk.cara, now, photo_with_place(), "Cara at home.jpg")
    send(talk, talk.cara, [file])
    process(attachment_id=file.id, now=now)
    return file


def reopened(talk, file, ask, now):
    between.block(viewer=talk.cara, thread_id=talk.id, now=now)
    between.unblock(viewer=talk.cara, thread_id=talk.id, now=now)


# After a yes to the public page -> whether the gallery of the professional shows it, and the public page.
STATES = {
    "nothing": (lambda talk, file, ask, now: None, True, True),
    "taken back": (
        lambda talk, file, ask, now: actions.revoke(viewer=talk.cara, ask_id=ask.id, now=now),
        *(False, False),
    ),
    "one picture taken back": (
        lambda talk, file, ask, now: actions.revoke(
            viewer=talk.cara, ask_id=ask.id, attachment_id=file.id, now=now
        ),
        *(False, False),
    ),
    "no after yes": (lambda talk, file, ask, now: say(talk, ask, now, yes=False), False, False),
    "message deleted": (
        lambda talk, file, ask, now: delete_message(viewer=talk.cara, thread_id=talk.id, seq=1, now=now),
        *(False, False),
    ),
    "message removed": (
        lambda talk, file, ask, now: remove_message(thread_id=talk.id, seq=1, now=now),
        *(False, False),
    ),
    "connection ended": (
        lambda talk, file, ask, now: between.end_connection(viewer=talk.paul, thread_id=talk.id, now=now),
        *(False, False),
    ),
    "blocked": (
        lambda talk, file, ask, now: between.block(viewer=talk.cara, thread_id=talk.id, now=now),
        *(False, False),
    ),
    "blocked and opened again": (reopened, False, False),
    "client disabled": (
        lambda talk, file, ask, now: disable(user_id=talk.cara.id, now=now),
        *(False, False),
    ),
    "client erased": (
        lambda talk, file, ask, now: erase_person(user_id=talk.cara.id, now=now),
        *(False, False),
    ),
    "page off": (
        lambda talk, file, ask, now: actions.set_page(viewer=talk.paul, is_on=False, now=now),
        *(True, False),
    ),
}


@pytest.mark.parametrize("state", STATES)
def test_each_reader_in_each_state(app, browse, api, talk, file, now, state):
    change, in_gallery, in_public = STATES[state]
    actions.set_page(viewer=talk.paul, is_on=True, now=now)
    actions.set_label(viewer=talk.paul, attachment_id=file.id, label="result", now=now)
    ask = ask_about(talk, [file], now)
    stranger = browse()
    page = f"/gallery/{queries.page_of(talk.paul.id).address}"
    assert file.id not in browse(talk.paul).get("/portfolio").text  # nothing is shown before the answer
    assert 'class="portfolio__item"' not in stranger.get(page).text
    say(talk, ask, now)
    address = re.search(rf'href="({page}/[^"]+)"', stranger.get(page).text)[1]
    assert stranger.get(address).status_code == stranger.get(f"{address}/small").status_code == 200
    change(talk, file, ask, now)
    db.session.expire_all()
    wanted = 200 if in_public else 404
    assert [stranger.get(each).status_code for each in (address, f"{address}/small")] == [wanted] * 2
    shown = stranger.get(page)
    assert (address in shown.text) is in_public
    listed = api(talk.paul).get("/api/portfolio").json["pictures"]
    assert ([each["id"] for each in listed] == [file.id]) is in_gallery
    assert (file.id in browse(talk.paul).get("/portfolio").text) is in_gallery
    assert (file.id in browse(talk.paul).get("/portfolio?label=result").text) is in_gallery
    assert file.id not in browse(talk.paul).get("/portfolio?label=reference").text


def test_a_public_picture_says_nothing_of_the_client_and_is_kept_nowhere(app, browse, talk, file, now):
    actions.set_page(viewer=talk.paul, is_on=True, now=now)
    say(talk, ask_about(talk, [file], now), now)
    stranger, page = browse(), f"/gallery/{queries.page_of(talk.paul.id).address}"
    shown = stranger.get(page)
    address = re.search(rf'href="({page}/[^"]+)"', shown.text)[1]
    assert not any(word in shown.text for word in ("Cara", file.id, talk.cara.id, talk.id, "at home"))
    answers = [shown, stranger.get(address), stranger.get(f"{address}/small")]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert "ETag" not in answer.headers
        assert "Cara" not in str(answer.headers)
    picture = Image.open(io.BytesIO(answers[1].data))
    assert not picture.getexif()
    assert "SecretPhone" not in str(answers[1].data)
    assert stranger.get(f"{page[:-1]}x/{address.rpartition('/')[2]}").status_code == 404
    assert stranger.get(f"/attachments/{file.id}/x.jpg").status_code == 302  # the thread's own address


def test_consent_for_clients_is_none_for_the_public_page(app, browse, talk, file, now):
    actions.set_page(viewer=talk.paul, is_on=True, now=now)
    say(talk, ask_about(talk, [file], now, CLIENTS), now)
    page = f"/gallery/{queries.page_of(talk.paul.id).address}"
    assert "portfolio__item" not in browse().get(page).text
    assert [each.is_public for each in queries.gallery(talk.paul)[0]] == [False]
    say(talk, ask_about(talk, [file], now, PUBLIC), now)  # a wider purpose may be asked for, once
    assert "portfolio__item" in browse().get(page).text
    assert [each.is_public for each in queries.gallery(talk.paul)[0]] == [True]


def test_one_is_asked_again_only_after_a_while(app, talk, file, now):
    first = ask_about(talk, [file], now)
    with pytest.raises(Invalid, match="Ask again after a month"):
        ask_about(talk, [file], now + timedelta(days=29))
    say(talk, first, now + timedelta(days=20), yes=False)
    with pytest.raises(Invalid):
        ask_about(talk, [file], now + timedelta(days=49))
    second = ask_about(talk, [file], now + timedelta(days=51))
    say(talk, second, now + timedelta(days=51))
    with pytest.raises(Invalid):
        ask_about(talk, [file], now + timedelta(days=500))  # there is a yes
    asked = db.session.execute(select(PortfolioAsk.state).order_by(PortfolioAsk.asked_at)).scalars().all()
    assert asked == ["no", "yes"]


def test_who_asks_and_who_answers(app, cast, talk, file, now, logged):
    for who in (cast.cara, cast.rita, cast.ada):
        with pytest.raises(NotFound):
            actions.ask(viewer=who, thread_id=talk.id, attachments=[file.id], purpose=CLIENTS, now=now)
        with pytest.raises(NotFound):
            actions.set_label(viewer=who, attachment_id=file.id, label="result", now=now)
    unsent = take(talk.cara, now)
    for ids in ([], [unsent.id], [file.id, "nothing"]):
        with pytest.raises(Invalid):
            actions.ask(viewer=talk.paul, thread_id=talk.id, attachments=ids, purpose=CLIENTS, now=now)
    ask = ask_about(talk, [file], now)
    for who in (cast.paul, cast.olga, cast.rita, cast.ada):
        for act in (
            lambda who=who: actions.answer(viewer=who, ask_id=ask.id, says_yes=True, now=now),
            lambda who=who: actions.revoke(viewer=who, ask_id=ask.id, now=now),
        ):
            with pytest.raises(NotFound):
                act()
    say(talk, ask, now)
    say(talk, ask, now)  # twice is as once
    actions.revoke(viewer=talk.cara, ask_id=ask.id, now=now)
    with pytest.raises(Conflict):
        say(talk, ask, now)
    assert [each for each in logged() if each.startswith("portfolio")] == [
        *("portfolio.answered", "portfolio.asked", "portfolio.revoked"),
    ]


def test_the_question_is_a_message_whose_card_follows_the_answer(app, api, talk, file, now):
    ask = ask_about(talk, [file], now)
    path = f"/api/threads/{talk.id}/messages"
    card = api(talk.cara).get(path).json["messages"][-1]["card"]
    assert card == {
        "kind": "portfolio",
        "id": ask.id,
        "state": "asked",
        "purpose": "public",
        "attachments": [file.id],
    }
    with pytest.raises(Invalid):
        edit_message(viewer=talk.paul, thread_id=talk.id, seq=ask.message_seq, body="May I sing?", now=now)
    revision = api(talk.paul).get(path).json["messages"][-1]["revision"]
    answered = api(talk.cara).put(f"/api/portfolio/asks/{ask.id}", json={"answer": "yes"}).json["ask"]
    assert (answered["state"], [each["there"] for each in answered["pictures"]]) == ("yes", [True])
    message = api(talk.paul).get(path).json["messages"][-1]
    assert message["card"]["state"] == "yes"
    assert message["revision"] > revision
    assert "card" not in api(talk.cara).get(path).json["messages"][0]
    taken = api(talk.cara).delete(f"/api/portfolio/asks/{ask.id}/pictures/{file.id}").json["ask"]
    assert taken["pictures"][0]["revoked_at"] is not None


def test_a_question_that_was_deleted_is_not_answered_yes(app, talk, file, now):
    ask = ask_about(talk, [file], now)
    delete_message(viewer=talk.paul, thread_id=talk.id, seq=ask.message_seq, now=now)
    assert db.session.get(Message, (talk.id, ask.message_seq), populate_existing=True).card is None
    with pytest.raises(Conflict):
        say(talk, ask, now)
    between.end_connection(viewer=talk.paul, thread_id=talk.id, now=now)
    with pytest.raises(CannotWrite):
        ask_about(talk, [file], now)


def test_an_answer_and_an_end_at_once_leave_nothing_shown(app, talk, file, now, at_once):
    ask = ask_about(talk, [file], now)

    def act(number):
        try:
            if number:
                say(talk, ask, now)
            else:
                between.end_connection(viewer=talk.paul, thread_id=talk.id, now=now)
        except (Conflict, CannotWrite):
            pass

    at_once(2, act)
    assert db.session.get(PortfolioAsk, ask.id, populate_existing=True).state == "ended"
    assert queries.gallery(talk.paul)[0] == []


def test_two_questions_at_once_are_one(app, talk, file, now, at_once):
    def act(_number):
        try:
            ask_about(talk, [file], now)
        except Invalid:
            return False
        return True

    assert sorted(at_once(2, act)) == [False, True]


def test_export_tells_of_consents_and_erasure_forgets_them(app, talk, file, now):
    ask = ask_about(talk, [file], now)
    say(talk, ask, now)
    actions.set_label(viewer=talk.paul, attachment_id=file.id, label="result", now=now)
    for who in (talk.cara, talk.paul):
        mine = export_person(user_id=who.id)
        (row,) = mine["portfolio_asks"]
        assert (row["state"], row["purpose"], row["asked_at"] is not None) == ("yes", PUBLIC, True)
        assert [each["attachment_id"] for each in mine["portfolio_pictures"]] == [file.id]
        assert len(list(mine["portfolio_labels"])) == (who is talk.paul)
    erase_person(user_id=talk.cara.id, now=now)
    assert db.session.execute(select(PortfolioAsk)).all() == []
    assert db.session.execute(select(PortfolioPicture)).all() == []
    assert db.session.get(Message, (talk.id, ask.message_seq), populate_existing=True).card is None


def test_the_client_sees_and_takes_back_what_they_allowed(app, browse, talk, now):
    files = [take(talk.cara, now, name=f"{number}.jpg") for number in range(2)]
    send(talk, talk.cara, files)
    client = browse(talk.cara)
    assert "Nobody has asked" in client.get("/settings/pictures").text
    asked = browse(talk.paul).post(
        f"/threads/{talk.id}/portfolio",
        data={"attachments": [each.id for each in files], "purpose": "clients"},
    )
    assert asked.status_code == 303
    (ask,) = queries.asks_of(talk.cara)
    page = client.get(f"/threads/{talk.id}").text
    assert f'action="/portfolio/asks/{ask.ask.id}"' in page
    assert client.post(f"/portfolio/asks/{ask.ask.id}", data={"answer": "yes"}).status_code == 303
    for path in ("/settings/pictures", f"/people/{talk.paul.id}"):
        assert client.get(path).text.count("/revoke") == 3, path
    one = {"attachment": files[0].id}
    assert client.post(f"/portfolio/asks/{ask.ask.id}/revoke", data=one).status_code == 303
    assert [each.file.id for each in queries.gallery(talk.paul)[0]] == [files[1].id]
    assert client.post(f"/portfolio/asks/{ask.ask.id}/revoke").status_code == 303
    assert queries.gallery(talk.paul)[0] == []
    assert browse(talk.paul).get("/settings/pictures").status_code == 404
    assert (
        client.get("/portfolio").status_code == client.get(f"/threads/{talk.id}/portfolio").status_code == 404
    )


def test_the_page_of_a_thread_keeps_what_was_chosen(app, browse, talk, file, now):
    ask_about(talk, [file], now)
    other = take(talk.paul, now, name="mine.jpg")
    send(talk, talk.paul, [other])
    paul = browse(talk.paul)
    refused = paul.post(
        f"/threads/{talk.id}/portfolio", data={"attachments": [file.id, other.id], "purpose": "public"}
    )
    assert refused.status_code == 422
    assert "asked about one of these" in refused.text
    assert re.search(rf'value="{other.id}" checked', refused.text)
    assert re.search(r'value="public" checked', refused.text)
    saved = paul.post(f"/threads/{talk.id}/portfolio/labels", data={f"label-{other.id}": "reference"})
    assert saved.status_code == 303
    assert queries.labels_of([other.id]) == {other.id: "reference"}
    for bad in ({f"label-{other.id}": "nonsense"}, {"label-nothing": "result"}):
        assert paul.post(f"/threads/{talk.id}/portfolio/labels", data=bad).status_code in (404, 422)
    paul.post(f"/threads/{talk.id}/portfolio/labels", data={f"label-{other.id}": ""})
    assert queries.labels_of([other.id]) == {}


def test_the_gallery_comes_in_pages(app, talk, now):
    files = [take(talk.cara, now, name=f"{number}.jpg") for number in range(3)]
    send(talk, talk.cara, files)
    for number, each in enumerate(files):
        moment = now + timedelta(minutes=number)
        say(talk, ask_about(talk, [each], moment, CLIENTS), moment)
    first, token = queries.gallery(talk.paul, limit=2)
    second, end = queries.gallery(talk.paul, before=token, limit=2)
    assert [each.file.id for each in (*first, *second)] == [each.id for each in files[::-1]]
    assert end is None
