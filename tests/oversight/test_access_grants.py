"""Administrators may open any conversation; with a reason, and on record."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import select, update

from tests.attachments.files import send, take
from wellchat import sweeps
from wellchat.accounts.actions import create_user
from wellchat.accounts.session_models import UserSession
from wellchat.attachments.models import Attachment
from wellchat.audit.models import AuditEvent, pseudonym
from wellchat.config import SettingsError, read_settings
from wellchat.connections.actions import connect
from wellchat.db import db, transaction
from wellchat.errors import Invalid, NotFound
from wellchat.feature import FeatureError
from wellchat.mail.models import Mail
from wellchat.messaging.messages import delete_message, edit_message, send_message
from wellchat.messaging.queries import thread_for
from wellchat.messaging.reactions import react
from wellchat.messaging.threads import open_thread
from wellchat.oversight import notices
from wellchat.oversight.actions import grant_access
from wellchat.oversight.models import AccessGrant
from wellchat.oversight.notices import looks_at
from wellchat.oversight.queries import GRANT_LIFETIME, SEARCH_LIFETIME, grant_of, grants_for, search_of
from wellchat.subjects.actions import put_subject

REASON = "Complaint 4711 about a booking"


@pytest.fixture
def admin(browse, cast):
    return browse(cast.ada)


def test_an_administrator_finds_and_opens_a_conversation_on_record(admin, cast, talk):
    talk.exchange("cp")
    assert "Cara" not in admin.get("/oversight").text, "nothing is listed before there is a reason"
    answer = admin.post("/oversight/searches", data={"term": "cara@example", "reason": REASON})
    assert "cara" not in answer.location, "what is searched for stands in no address"
    found = admin.get(answer.location).text
    assert "CC and PP" in found
    for word in ("Cara", "Paul", "message 1"):
        assert word not in found, "a list shows the least"
    answer = admin.post(f"/oversight/threads/{talk.id}/looks", data={"reason": REASON})
    assert answer.status_code == 303
    page = admin.get(answer.headers["Location"])
    assert "message 1" in page.text
    assert REASON in page.text
    (entry,) = db.session.execute(select(AccessGrant)).scalars()
    assert (entry.admin_id, entry.thread_id, entry.reason) == (cast.ada.id, talk.id, REASON)


def test_a_grant_shows_earlier_texts_and_reactions(admin, talk, now):
    talk.exchange("cp")
    edit_message(viewer=talk.cara, thread_id=talk.id, seq=1, body="what she made of it", now=now)
    delete_message(viewer=talk.paul, thread_id=talk.id, seq=2, now=now)
    send_message(sender=talk.paul, thread_id=talk.id, body="yes", client_key="yes", reply_to=1, now=now)
    for viewer in (talk.cara, talk.paul):
        react(viewer=viewer, thread_id=talk.id, seq=3, emoji="👍", on=True, now=now)
    entry = admin.post(f"/oversight/threads/{talk.id}/looks", data={"reason": REASON}).headers["Location"]
    text = admin.get(entry).text
    assert '<q dir="auto">message 1</q>' in text
    assert '<q dir="auto">message 2</q>' in text
    assert "what she made of it" in text
    assert {f'"👍 {a} and {b}"' in text for a, b in permutations(("Cara Client", "Paul Professional"))} == {
        True,
        False,
    }
    assert f'href="/threads/{talk.id}' not in text, "nothing that leads to a 404"


@pytest.mark.parametrize(
    "reason", ["", "   ", "four", "x" * 501, "with a NUL \x00 in it", "aaaaaaaaaa", "ab ab ab ab ab"]
)
def test_access_without_a_good_reason_is_refused_and_not_recorded(admin, talk, everything, reason):
    talk.exchange("c")
    before = everything()
    answer = admin.post(f"/oversight/threads/{talk.id}/looks", data={"reason": reason})
    assert answer.status_code == 422
    assert "kept on record" in answer.text
    assert "message 1" not in answer.text
    assert everything() == before


@pytest.mark.parametrize("who", ["cara", "paul", "olga", "rita"])
def test_oversight_does_not_exist_for_anybody_else(browse, cast, talk, now, who):
    entry = grant_access(admin=cast.ada, thread_id=talk.id, reason=REASON, now=now)
    person = browse(getattr(cast, who))
    assert person.get("/oversight").status_code == 404
    assert person.get(f"/oversight/looks/{entry.id}").status_code == 404
    assert person.post(f"/oversight/threads/{talk.id}/looks", data={"reason": REASON}).status_code == 404
    with pytest.raises(NotFound):
        grants_for(getattr(cast, who), talk.id)


def test_a_grant_is_for_one_administrator_and_expires(app, cast, talk, now, change):
    entry = grant_access(admin=cast.ada, thread_id=talk.id, reason=REASON, now=now)
    assert grant_of(cast.ada, entry.id, now + GRANT_LIFETIME)[1].id == talk.id
    with pytest.raises(NotFound):
        grant_of(cast.ada, entry.id, now + GRANT_LIFETIME + timedelta(seconds=1))
    change(cast.rita, role="admin", admin_roles="owner")
    with pytest.raises(NotFound):
        grant_of(cast.rita, entry.id, now)


def test_access_leaves_no_trace_in_the_conversation(admin, cast, talk, now):
    """Nothing is read, delivered or moved by it."""
    talk.exchange("cp")
    before = thread_for(cast.cara, talk.id)
    marks = (before.unread, before.theirs.last_read_seq, before.thread.updated_at)
    answer = admin.post(f"/oversight/threads/{talk.id}/looks", data={"reason": REASON})
    assert "message 1" in admin.get(answer.headers["Location"]).text
    after = thread_for(cast.cara, talk.id)
    assert (after.unread, after.theirs.last_read_seq, after.thread.updated_at) == marks


@pytest.mark.parametrize("reason", ["Case 12", "10001"])
def test_a_case_number_is_a_reason(admin, talk, reason):
    assert search(admin, reason=reason).status_code == 303
    assert admin.post(f"/oversight/threads/{talk.id}/looks", data={"reason": reason}).status_code == 303


def test_access_to_a_missing_thread_is_refused(app, cast, now):
    with pytest.raises(NotFound):
        grant_access(admin=cast.ada, thread_id="none", reason=REASON, now=now)
    with pytest.raises(Invalid):
        grant_access(admin=cast.ada, thread_id="none", reason="", now=now)


# Searching


def search(browser, term="cara", reason=REASON):
    return browser.post("/oversight/searches", data={"term": term, "reason": reason})


@pytest.mark.parametrize(
    "form",
    [
        {"term": "cara", "reason": "four"},
        {"term": "c", "reason": REASON},
        {"term": "c\x00ra", "reason": REASON},
        {"term": "x" * 201, "reason": REASON},
        {},
    ],
)
def test_a_search_needs_a_reason_and_keeps_what_was_typed(admin, talk, everything, form):
    before = everything()
    answer = admin.post("/oversight/searches", data=form)
    assert answer.status_code == 422
    assert everything() == before
    if form.get("term") == "cara":
        assert 'value="cara"' in answer.text


@pytest.mark.each_database
def test_a_search_finds_people_addresses_and_subjects_literally(admin, cast, talk, now):
    put_subject(kind="coupon", external_id="L-77", title="Spring 100%", professional_id=cast.paul.id, now=now)
    open_thread(viewer=cast.cara, subject=("coupon", "L-77"), now=now)

    def found(term):
        page = admin.get(search(admin, term).location).text
        return page.count("/oversight/threads/")

    assert found("PAUL prof") == 2
    assert found("spring 100%") == 1
    assert found("L-77") == 1
    assert found("L-7") == 0
    assert found("100_") == 0
    assert found("nobody at all") == 0


def crowd(paul, count, now, *, start=0):
    for number in range(start, start + count):
        client = create_user(email=f"p{number}@example.com", name=f"Person {number}", role="client", now=now)
        connect(client_id=client.id, professional_id=paul.id, now=now)
        open_thread(viewer=client, with_id=paul.id, now=now + timedelta(seconds=number))


@pytest.mark.each_database
def test_results_are_paged_with_as_many_statements_for_many_as_for_few(admin, cast, now, queries):
    def page(address):
        with queries() as counted:
            found = admin.get(address)
        return found, counted.count

    crowd(cast.paul, 3, now)
    page(search(admin, "person").location)  # which writes down that she is here; the next ones need not
    few, statements = page(search(admin, "person").location)
    assert few.text.count("/oversight/threads/") == 3
    crowd(cast.paul, 70, now, start=3)
    address, seen = search(admin, "person").location, set[str]()
    for expected in (30, 30, 13):
        found, count = page(address)
        ids = set(re.findall(r"/oversight/threads/(\w+)/looks", found.text))
        assert (len(ids), count, seen & ids) == (expected, statements, set())
        seen |= ids
        more = re.search(r'href="(/oversight/searches/[^"]+before=[^"]+)"', found.text)
        address = more[1].replace("&amp;", "&") if more else None
    assert address is None
    assert admin.get(f"{search(admin, 'person').location}?before=nonsense").status_code == 422


def test_a_search_is_for_one_administrator_and_a_while(browse, cast, talk, now, change):
    address = search(browse(cast.ada)).location
    change(cast.rita, role="admin", admin_roles="owner")
    assert browse(cast.rita).get(address).status_code == 404
    for who in (cast.cara, cast.paul):
        assert browse(who).get(address).status_code == 404
        assert search(browse(who)).status_code == 404
    with pytest.raises(NotFound):
        search_of(cast.ada, address.rpartition("/")[2], now + SEARCH_LIFETIME + timedelta(hours=1))


@pytest.mark.parametrize(
    ("roles", "may_search", "may_see_figures"),
    [("owner", True, True), ("moderator", True, False), ("support", False, False), ("auditor", False, True)],
)
def test_each_role_opens_only_what_is_its_duty(
    browse, cast, talk, change, roles, may_search, may_see_figures
):
    change(cast.ada, admin_roles=roles)
    me = browse(cast.ada)
    assert me.get("/oversight").status_code == 200
    assert ("Find a conversation" in me.get("/oversight").text) == may_search
    assert search(me).status_code == (303 if may_search else 404)
    looks = me.post(f"/oversight/threads/{talk.id}/looks", data={"reason": REASON})
    assert looks.status_code == (303 if may_search else 404)
    assert me.get("/oversight/quality").status_code == (200 if may_see_figures else 404)
    assert me.get("/oversight/emails").status_code == (200 if roles in ("owner", "support") else 404)


def test_a_proof_is_asked_for_after_a_while(app, browse, cast, talk, now):
    me = browse(cast.ada)
    with transaction() as session:
        session.execute(update(UserSession).values(proved_at=now - timedelta(minutes=11)))
    assert search(me).location.startswith("/prove")
    looks = me.post(f"/oversight/threads/{talk.id}/looks", data={"reason": REASON})
    assert looks.location.startswith("/prove")
    assert db.session.execute(select(AccessGrant)).all() == []


# What stays on record


def acts():
    query = select(AuditEvent).where(AuditEvent.kind.startswith("look.") | AuditEvent.kind.startswith("over"))
    return list(db.session.execute(query.order_by(AuditEvent.at, AuditEvent.id)).scalars())


@pytest.mark.each_database
def test_every_page_and_file_that_is_read_is_on_record(admin, cast, talk, now):
    send(talk, talk.cara, [take(talk.cara, now)])
    talk.exchange("c" * 210)
    admin.get(search(admin).location)
    look = admin.post(f"/oversight/threads/{talk.id}/looks", data={"reason": REASON}).location
    page = admin.get(look).text
    admin.get(re.search(r'href="([^"]+before=\d+)"', page)[1])
    file = db.session.execute(select(Attachment)).scalars().one()
    admin.get(f"{look}/attachments/{file.id}/beach.jpg")
    admin.post(f"{look}/end")
    assert admin.get(look).status_code == 404
    recorded = acts()
    assert sorted(event.kind for event in recorded) == sorted(
        ["oversight.searched", "oversight.listed", "look.opened", "look.page_read", "look.page_read",
         "look.file_read", "look.ended"]
    )  # fmt: skip
    assert {event.actor for event in recorded} == {pseudonym(cast.ada.id)}
    read = {(e.detail["first"], e.detail["last"]) for e in recorded if e.kind == "look.page_read"}
    assert read == {(12, 211), (1, 11)}
    assert all(event.about == talk.id for event in recorded if event.kind.startswith("look."))
    assert "cara" not in str([event.detail for event in recorded])


@pytest.mark.each_database
def test_what_cannot_be_recorded_is_not_shown(app, admin, talk, everything):
    talk.exchange("c")
    look = admin.post(f"/oversight/threads/{talk.id}/looks", data={"reason": REASON}).location
    app.extensions["features"].audited.pop("look.page_read")
    try:
        with pytest.raises(FeatureError):
            admin.get(look)
    finally:
        del app.extensions["features"].audited
    assert "message 1" in admin.get(look).text


# A second person


@pytest.fixture
def second(app, cast, change):
    app.config["FOUR_EYES"] = ("looks",)
    change(cast.rita, role="admin", admin_roles="moderator")
    return cast.rita


@pytest.mark.each_database
def test_with_four_eyes_a_second_administrator_opens_it(admin, browse, cast, talk, second):
    talk.exchange("c")
    look = admin.post(f"/oversight/threads/{talk.id}/looks", data={"reason": REASON}).location
    waiting = admin.get(look)
    assert waiting.status_code == 200
    assert "message 1" not in waiting.text
    assert admin.post(f"{look}/approve").status_code == 404, "nobody agrees with themselves"
    assert browse(cast.paul).post(f"{look}/approve").status_code == 404
    page = browse(second).get("/oversight").text
    assert REASON in page
    assert browse(second).post(f"{look}/approve").status_code == 303
    assert browse(second).post(f"{look}/approve").status_code == 404
    assert "message 1" in admin.get(look).text
    assert browse(second).get(look).status_code == 404, "it opens for the first alone"
    (entry,) = db.session.execute(select(AccessGrant)).scalars()
    assert entry.approved_by_id == second.id
    assert [event.kind for event in acts()] == ["look.asked", "look.approved", "look.page_read"]


def test_a_refused_request_never_opens(admin, browse, talk, second):
    look = admin.post(f"/oversight/threads/{talk.id}/looks", data={"reason": REASON}).location
    assert browse(second).post(f"{look}/end").status_code == 303
    assert admin.get(look).status_code == 404
    assert browse(second).post(f"{look}/approve").status_code == 404


# The notice


@pytest.mark.each_database
def test_both_people_are_told_once_and_late(app, admin, cast, talk, now):
    admin.post(f"/oversight/threads/{talk.id}/looks", data={"reason": REASON})
    assert notices.sweep(now + timedelta(days=29)) == {"looks_told": 0}
    assert looks_at(cast.cara) == []
    assert notices.sweep(now + timedelta(days=31)) == {"looks_told": 1}
    assert notices.sweep(now + timedelta(days=32)) == {"looks_told": 0}
    mails = db.session.execute(select(Mail).where(Mail.name == "look_notice")).scalars().all()
    assert {mail.user_id for mail in mails} == {cast.cara.id, cast.paul.id}
    assert "Ada" not in str([mail.context for mail in mails])
    assert [each["thread_id"] for each in looks_at(cast.cara)] == [talk.id]
    assert looks_at(cast.olga) == []


@pytest.mark.each_database
def test_two_workers_tell_once(app, admin, talk, now, at_once):
    admin.post(f"/oversight/threads/{talk.id}/looks", data={"reason": REASON})
    done = at_once(4, lambda _: notices.sweep(now + timedelta(days=31))["looks_told"])
    assert sorted(done) == [0, 0, 0, 1]


def test_the_notice_names_day_and_person_in_the_reader_s_language(app, admin, cast, talk, now, change):
    change(cast.cara, locale="de")
    admin.post(f"/oversight/threads/{talk.id}/looks", data={"reason": REASON})
    notices.sweep(now + timedelta(days=31))
    sweeps.run(now=now + timedelta(days=31))
    letters = [path.read_text() for path in (app.config["INSTANCE"] / "mail").glob("*.eml")]
    assert sum("Ihr Gespräch" in letter for letter in letters) <= 1
    assert not any(REASON in letter or "Ada" in letter for letter in letters)


@pytest.mark.parametrize(("value", "days"), [("0", 0), ("30", 30), ("off: our lawyers asked for it", None)])
def test_the_notice_can_be_off_with_a_reason(app, admin, talk, now, value, days):
    app.config["LOOK_NOTICE"] = value
    admin.post(f"/oversight/threads/{talk.id}/looks", data={"reason": REASON})
    told = notices.sweep(now + timedelta(days=400))["looks_told"]
    assert told == (0 if days is None else 1)


@pytest.mark.parametrize("value", ["off", "off: no", "-1", "soon", "366", ""])
def test_a_notice_that_is_off_without_a_reason_stops_the_start(value):
    with pytest.raises(SettingsError, match="LOOK_NOTICE"):
        read_settings({"WELLCHAT_LOOK_NOTICE": value or " "})
