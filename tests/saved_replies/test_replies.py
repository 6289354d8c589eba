"""Saved replies: kept, filled in, found, ordered, counted; each shelf for whom it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from wellchat.accounts.models import User
from wellchat.audit.models import AuditEvent
from wellchat.db import db
from wellchat.errors import Invalid, NotFound
from wellchat.messaging.queries import thread_for
from wellchat.placeholders import fill_in, placeholders_in
from wellchat.saved_replies import actions, queries
from wellchat.saved_replies.forms import SavedReplyForm
from wellchat.saved_replies.models import EVERYBODY, MAX_REPLIES, SavedReplyUse
from wellchat.subjects.actions import put_subject

PAGE = "/settings/replies"


@pytest.fixture
def keep(cast, now):
    """keep(title, body): one of Paul's, or on another shelf."""

    def make(title="Thanks", body="Thank you.", shelf=None):
        form = SavedReplyForm(title=title, body=body)
        return actions.make_reply(shelf=shelf or cast.paul.id, form=form, now=now)

    return make


def titles(shelf):
    return [reply.title for reply in queries.all_of(shelf)]


def test_a_value_is_put_in_once_and_never_looked_through_again():
    values = {"name": "{my_name} {booking}", "my_name": "Paul", "booking": None}
    filled = fill_in("Hi { Name }, {MY NAME} here. {booking} { } } {", values)
    assert filled.text == "Hi {my_name} {booking}, Paul here. … … } {"
    assert filled.missing == ("booking", "")
    assert placeholders_in("{a}{A}{ b  c }") == ["a", "b_c"]


def test_a_reply_is_filled_with_names_and_the_next_booking(app, talk, cast, keep, now, change):
    change(cast.cara, time_zone="America/New_York", zone_known=True, locale="fr")
    at = now.replace(year=now.year + 1, month=3, day=2, hour=15, minute=0, second=0, microsecond=0)
    for external_id, title, more in (
        ("late", "Later", {"starts_at": at + timedelta(days=3)}),
        ("next", "Colour", {"starts_at": at}),
        ("off", "Cancelled", {"starts_at": at - timedelta(days=2), "status": "cancelled"}),
        ("past", "Past", {"starts_at": now - timedelta(days=1)}),
    ):
        people = {"professional_id": cast.paul.id, "client_id": cast.cara.id, "now": now}
        put_subject(kind="booking", external_id=external_id, title=title, **people, **more)
    reply = keep("See you", "Dear {first_name} ({name}), {booking}: {booking_time}. {my_name}")
    view = thread_for(cast.paul, talk.id)
    filled = actions.use_reply(viewer=cast.paul, view=view, reply_id=reply.id, now=now)
    day = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")[at.weekday()]
    assert filled.text.startswith("Dear Cara (Cara Client), Colour: ")
    assert "10:00" in filled.text
    assert filled.text.endswith(". Paul Professional")
    assert day[:3] in filled.text
    assert filled.missing == ()


def test_what_has_no_value_is_told_before_it_is_put_in(app, talk, cast, keep, api, now):
    keep("See you", "See you on {booking_time}, {first_name}.")
    call = api(cast.paul)
    (shown,) = call.get(f"/api/threads/{talk.id}/saved-replies").json["saved_replies"]
    assert (shown["missing"], shown["preview"]) == (["booking_time"], "See you on …, Cara.")
    used = call.post(f"/api/threads/{talk.id}/saved-replies/{shown['id']}/use").json
    assert used == {"text": "See you on …, Cara.", "missing": ["booking_time"]}


@pytest.mark.parametrize("body", ["Hi {nobody}", "{}", "{ }", "{first name} {booking time} {price}"])
def test_an_unknown_placeholder_is_refused_when_it_is_written(api, browse, cast, everything, body):
    before = everything()
    answer = api(cast.paul).put("/api/saved-replies", json={"title": "T", "body": body})
    assert answer.status_code == 422
    assert "There is no placeholder" in answer.json["errors"]["body"]
    page = browse(cast.paul).post(PAGE, data={"title": "T", "body": body})
    assert (page.status_code, body in page.text) == (422, True)
    assert everything() == before


@pytest.mark.parametrize(
    "fields",
    [
        {"title": " ", "body": "x"},
        {"title": "x", "body": "\n "},
        {"title": "x" * 81, "body": "x"},
        {"title": "x", "body": "x" * 4001},
        {"title": "x", "body": "x\x00"},
    ],
)
def test_what_cannot_be_kept_is_refused(api, browse, cast, everything, fields):
    before = everything()
    assert api(cast.paul).put("/api/saved-replies", json=fields).status_code == 422
    assert browse(cast.paul).post(PAGE, data=fields).status_code == 422
    assert everything() == before


def test_a_title_is_there_once_on_a_shelf(app, cast, keep, now):
    first, other = keep("Thanks"), keep("Bye")
    keep("Thanks", shelf=EVERYBODY)
    with pytest.raises(Invalid) as refusal:
        keep("  Thanks ")
    assert "title" in refusal.value.errors
    form = SavedReplyForm(title="Thanks", body="x")
    with pytest.raises(Invalid):
        actions.change_reply(shelf=cast.paul.id, reply_id=other.id, form=form, now=now)
    assert actions.change_reply(shelf=cast.paul.id, reply_id=first.id, form=form, now=now).body == "x"


@pytest.mark.each_database
@pytest.mark.parametrize("shelf", ["own", EVERYBODY])
def test_no_more_than_the_most_however_many_write_at_once(app, cast, now, at_once, shelf, monkeypatch):
    monkeypatch.setattr(actions, "MAX_REPLIES", 3)
    shelf = cast.paul.id if shelf == "own" else shelf
    for title in ("one", "two"):
        actions.make_reply(shelf=shelf, form=SavedReplyForm(title=title, body="x"), now=now)

    def making(i):
        try:
            return actions.make_reply(shelf=shelf, form=SavedReplyForm(title=f"{i}", body="x"), now=now)
        except Invalid:
            return None

    made = at_once(6, making)
    assert sum(each is not None for each in made) == 1
    assert len(titles(shelf)) == 3


@pytest.mark.each_database
def test_uses_at_once_are_all_counted(app, talk, cast, keep, now, at_once):
    reply_id, paul_id, thread_id = keep().id, cast.paul.id, talk.id

    def using(_):
        paul = db.session.get(User, paul_id)
        return actions.use_reply(viewer=paul, view=thread_for(paul, thread_id), reply_id=reply_id, now=now)

    at_once(8, using)
    db.session.expire_all()
    assert db.session.execute(select(SavedReplyUse.count)).scalar_one() == 8


def test_what_is_used_most_comes_first_for_each_person_alone(app, talk, cast, keep, api, now):
    for title in ("a", "b", "c"):
        keep(title)
    site = keep("site", shelf=EVERYBODY)
    replies = {reply.title: reply for reply in queries.all_of(cast.paul.id)}
    view = thread_for(cast.paul, talk.id)
    for reply in (replies["c"], site, site, replies["b"]):
        actions.use_reply(viewer=cast.paul, view=view, reply_id=reply.id, now=now)
    listed = api(cast.paul).get("/api/saved-replies").json["saved_replies"]
    assert [(each["title"], each["used"], each["mine"]) for each in listed] == [
        ("site", 2, False),
        ("b", 1, True),
        ("c", 1, True),
        ("a", 0, True),
    ]
    assert listed[-1]["last_used_at"] is None
    (rita,) = api(cast.rita).get("/api/saved-replies").json["saved_replies"]
    assert (rita["title"], rita["used"]) == ("site", 0)


def test_search_folds_letters_of_every_script(app, cast, keep, api):
    keep("Grüße", "ÜBERMORGEN komme ich")
    keep("Привет", "До встречи")
    keep("ＡＢＣ", "wide")
    call = api(cast.paul)
    for words, expected in (
        ("übermorgen GRÜSSE", ["Grüße"]),
        ("ПРИВЕТ", ["Привет"]),
        ("abc", ["ＡＢＣ"]),
        ("100%", []),
    ):
        found = call.get("/api/saved-replies", query_string={"q": words}).json["saved_replies"]
        assert [each["title"] for each in found] == expected


def test_a_call_puts_and_deletes_by_title_and_id(api, cast, everything):
    call = api(cast.paul)
    made = call.put("/api/saved-replies", json={"title": "Thanks", "body": "Thank you"})
    assert made.status_code == 201
    again = call.put("/api/saved-replies", json={"title": "Thanks", "body": "Thanks!"})
    assert (again.status_code, again.json["saved_reply"]["id"]) == (200, made.json["saved_reply"]["id"])
    assert again.json["saved_reply"]["body"] == "Thanks!"
    reply_id = made.json["saved_reply"]["id"]
    before = everything()
    assert api(cast.rita).delete(f"/api/saved-replies/{reply_id}").status_code == 404
    assert everything() == before
    assert call.delete(f"/api/saved-replies/{reply_id}").status_code == 204
    assert call.delete(f"/api/saved-replies/{reply_id}").status_code == 404


def test_a_token_that_only_reads_changes_nothing(app, cast, keep, now):
    from wellchat.accounts.actions import create_token

    reply = keep()
    token = create_token(user_id=cast.paul.id, now=now, scopes=("read",))
    headers = {"Authorization": f"Bearer {token}"}
    client = app.test_client()
    assert client.get("/api/saved-replies", headers=headers).status_code == 200
    put = client.put("/api/saved-replies", json={"title": "a", "body": "b"}, headers=headers)
    gone = client.delete(f"/api/saved-replies/{reply.id}", headers=headers)
    assert (put.status_code, gone.status_code) == (403, 403)


def test_clients_and_administrators_have_none(api, browse, talk, cast, keep):
    keep(shelf=EVERYBODY)
    for who in (cast.cara, cast.ada):
        call = api(who)
        assert call.get("/api/saved-replies").status_code == 404
        assert call.put("/api/saved-replies", json={"title": "a", "body": "b"}).status_code == 404
        assert browse(who).get(PAGE).status_code == 404
    assert api(cast.cara).get(f"/api/threads/{talk.id}/saved-replies").status_code == 404
    page = browse(cast.cara).get(f"/threads/{talk.id}").text
    assert "saved-replies" not in page.replace("savedReplies", "").replace('"saved_replies"', "")


def test_the_shelf_of_everybody_is_kept_by_owners_with_a_proof_and_on_record(browse, cast, keep, now, change):
    mine = keep("Mine")
    page = browse(cast.ada)
    assert page.post("/oversight/replies", data={"title": "Opening", "body": "Nine."}).status_code == 303
    (reply,) = queries.all_of(EVERYBODY)
    address = f"/oversight/replies/{reply.id}"
    assert "Nine." in page.get(address).text
    assert page.post(address, data={"title": "Opening", "body": "Ten."}).status_code == 303
    assert page.post(f"{address}/move", data={"to": "first"}).status_code == 303
    assert page.get(f"/oversight/replies/{mine.id}").status_code == 404
    for who in (cast.paul, cast.cara):
        assert browse(who).post(address, data={"title": "x", "body": "y"}).status_code == 404
    assert browse(cast.paul).get(f"{PAGE}/{reply.id}").status_code == 404
    assert page.post(f"{address}/delete").status_code == 303
    kinds = db.session.execute(select(AuditEvent.detail).where(AuditEvent.kind == "saved_replies.changed"))
    assert [detail["what"] for detail in kinds.scalars()] == ["made", "changed", "moved", "deleted"]
    change(cast.ada, admin_roles="moderator")
    assert browse(cast.ada).get("/oversight/replies").status_code == 404


def test_replies_are_ordered_by_hand(browse, cast, keep):
    kept = [keep(title) for title in "abc"]
    page = browse(cast.paul)
    for reply, to, expected in (
        (2, "up", "acb"),
        (0, "up", "acb"),
        (1, "down", "acb"),
        (1, "first", "bac"),
        (1, "down", "abc"),
    ):
        assert page.post(f"{PAGE}/{kept[reply].id}/move", data={"to": to}).status_code == 303
        db.session.expire_all()
        assert "".join(titles(cast.paul.id)) == expected
    assert page.post(f"{PAGE}/{kept[0].id}/move", data={"to": "away"}).status_code == 422


@pytest.mark.each_database
def test_the_page_at_five_hundred(browse, cast, now, queries):
    page, counts = browse(cast.paul), []
    page.get(PAGE)
    for start, end in ((0, 2), (2, MAX_REPLIES)):
        rows = "\n".join(f"Reply {at:03};Text {at}" for at in range(start, end))
        actions.import_replies(shelf=cast.paul.id, content=rows.encode(), good_only=False, now=now)
        with queries() as counted:
            shown = page.get(PAGE).text
        counts.append(counted.count)
    assert counts[0] == counts[1]
    assert ("Reply 049" in shown, "Reply 050" in shown) == (True, False)
    assert "Reply 050" in page.get(f"{PAGE}?page=2").text
    found = page.get(f"{PAGE}?q=text+499").text
    assert ("Reply 499" in found, "Reply 498" in found) == (True, False)
    refused = page.post(PAGE, data={"title": "One more", "body": "x"})
    assert (refused.status_code, "There are 500 saved replies" in refused.text) == (422, True)


def test_without_a_script_the_menu_is_a_page(browse, talk, cast, keep):
    reply = keep("Thanks", "Thank you, {first_name}. {booking}")
    page, address = browse(cast.paul), f"/threads/{talk.id}/saved-replies"
    assert "Thank you, Cara. …" in page.get(address).text
    put_in = page.post(f"{address}/{reply.id}").text
    assert "Fill in each" in put_in
    assert "Thank you, Cara. …</textarea>" in put_in
    assert page.get(f"{address}?q=nothing").status_code == 200


def test_a_reply_of_another_is_not_used(app, talk, cast, keep, now):
    theirs = keep(shelf=cast.rita.id)
    view = thread_for(cast.paul, talk.id)
    with pytest.raises(NotFound):
        actions.use_reply(viewer=cast.paul, view=view, reply_id=theirs.id, now=now)


@pytest.mark.each_database
def test_the_page_of_a_thread_pays_nothing(browse, talk, cast, keep, queries):
    page, counts = browse(cast.paul), []
    page.get(f"/threads/{talk.id}")
    for _ in range(2):
        with queries() as counted:
            page.get(f"/threads/{talk.id}")
        counts.append(counted.count)
        keep(f"Another {len(counts)}", "{booking}")
    assert counts[0] == counts[1]
