"""Reports: who shows what to whom, what moderators do, and what each of the three learns."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.browsing import Browser
from tests.cast import gather
from tests.databases import migrate
from wellchat.accounts.actions import create_user
from wellchat.accounts.personal_data import erase_person
from wellchat.audit.models import AuditEvent
from wellchat.db import db
from wellchat.errors import CannotWrite, Conflict, Invalid, NotFound
from wellchat.mail.models import Mail
from wellchat.messaging.messages import delete_message
from wellchat.messaging.models import Message
from wellchat.notifications.models import Notification
from wellchat.safety import between, moderation
from wellchat.safety.models import Measure, Report
from wellchat.safety.people import end_pauses
from wellchat.safety.reports import make_report

HOUR = timedelta(hours=1)


@pytest.fixture
def mo(app, now, change):
    """A moderator, and nothing else."""
    mo = create_user(email="mo@example.com", name="Mo Moderator", role="admin", now=now)
    change(mo, admin_roles="moderator")
    return mo


def report(viewer, talk, now, **more):
    given = {"seq": None, "kind": "harassment", "words": "He is rude", "show": True} | more
    return make_report(viewer=viewer, thread_id=talk.id, now=now, **given)


def taken(viewer, talk, moderator, now, **more):
    made = report(viewer, talk, now, **more)
    moderation.take(moderator=moderator, report_id=made.id, now=now)
    return made


def settle(moderator, made, now, outcome, *, reason="It is against the rules", days=None):
    moderation.settle(
        moderator=moderator, report_id=made.id, outcome=outcome, reason=reason, days=days, now=now
    )


def mails():
    query = select(Mail.user_id, Mail.context).where(Mail.name == "measure")
    return [(user_id, context["what"]) for user_id, context in db.session.execute(query)]


def test_a_report_shows_the_last_twenty_messages_only_with_consent(app, cast, talk, now, mo):
    talk.exchange("cp" * 15)
    with_consent = taken(cast.cara, talk, mo, now, seq=30)
    without = taken(cast.cara, talk, mo, now, show=False)
    seen, _ = moderation.view(moderator=mo, report_id=with_consent.id, now=now)
    assert [message.seq for message in seen] == list(range(11, 31))
    assert moderation.view(moderator=mo, report_id=without.id, now=now) == ([], {})


def test_what_comes_after_the_report_is_not_shown(app, cast, talk, now, mo):
    talk.exchange("cp")
    made = taken(cast.cara, talk, mo, now)
    talk.exchange("cp")
    seen, _ = moderation.view(moderator=mo, report_id=made.id, now=now)
    assert [message.seq for message in seen] == [1, 2]


def test_a_message_that_was_deleted_since_is_still_evidence(app, cast, talk, now, mo):
    talk.says(cast.paul, "Something awful")
    made = taken(cast.cara, talk, mo, now, seq=1)
    delete_message(viewer=cast.paul, thread_id=talk.id, seq=1, now=now)
    _, earlier = moderation.view(moderator=mo, report_id=made.id, now=now)
    assert earlier == {1: "Something awful"}


def test_every_look_is_on_record(app, cast, talk, now, mo, logged):
    talk.exchange("cp")
    made = taken(cast.cara, talk, mo, now)
    for _ in range(2):
        moderation.view(moderator=mo, report_id=made.id, now=now)
    assert logged() == ["report.made", "report.viewed", "report.viewed"]
    words = [str(row.detail) for row in db.session.query(AuditEvent)]
    assert not any("rude" in each for each in words)


def test_ones_own_message_and_anothers_thread_cannot_be_reported(app, cast, talk, now):
    talk.exchange("cp")
    with pytest.raises(Invalid):
        report(cast.cara, talk, now, seq=1)
    with pytest.raises(NotFound):
        report(cast.cara, talk, now, seq=9)
    with pytest.raises(NotFound):
        report(cast.olga, talk, now)
    assert db.session.query(Report).count() == 0


@pytest.mark.parametrize("role", ["auditor", "support"])
def test_without_the_duty_there_is_no_queue(app, browse, cast, talk, now, mo, change, role):
    talk.exchange("cp")
    made = report(cast.cara, talk, now)
    change(mo, admin_roles=role)
    for who in (mo, cast.cara, cast.paul):
        page = browse(who)
        for path in ("", f"/{made.id}"):
            assert page.get(f"/oversight/reports{path}").status_code == 404
        for path in ("take", "settle", "reopen"):
            assert page.post(f"/oversight/reports/{made.id}/{path}").status_code == 404
        with pytest.raises(NotFound):
            moderation.take(moderator=who, report_id=made.id, now=now)


@pytest.mark.each_database
def test_two_moderators_do_not_take_one_report(app, cast, talk, now, mo, at_once):
    talk.exchange("cp")
    made = report(cast.cara, talk, now)
    moderators = [mo, cast.ada]

    def take(i):
        try:
            moderation.take(moderator=moderators[i], report_id=made.id, now=now)
        except Conflict:
            return None
        return moderators[i].id

    assert sorted(map(bool, at_once(2, take))) == [False, True]
    db.session.rollback()
    loser = mo if db.session.get(Report, made.id, populate_existing=True).taken_by != mo.id else cast.ada
    with pytest.raises(Conflict):
        moderation.view(moderator=loser, report_id=made.id, now=now)
    with pytest.raises(Conflict):
        settle(loser, made, now, "nothing")


def test_a_warning_reaches_the_person_and_the_reporter_learns_only_that_somebody_looked(
    app, cast, talk, now, mo, logged
):
    talk.exchange("cp")
    settle(mo, made := taken(cast.cara, talk, mo, now), now, "warn")
    assert mails() == [(cast.paul.id, "warn")]
    told = {note.user_id: note.preview for note in db.session.query(Notification)}
    assert told[cast.cara.id] == "A moderator has looked at your report. Thank you."
    assert "rules" in told[cast.paul.id]
    assert not any("rude" in text for text in told.values())
    assert db.session.get(Report, made.id, populate_existing=True).state == "done"
    assert "report.settled" in logged()


def test_nothing_tells_the_person_nothing(app, cast, talk, now, mo):
    talk.exchange("cp")
    settle(mo, taken(cast.cara, talk, mo, now), now, "nothing", reason="")
    assert mails() == []
    assert [note.user_id for note in db.session.query(Notification)] == [cast.cara.id]


def test_a_message_is_removed_for_both(app, cast, talk, now, mo):
    talk.says(cast.paul, "Something awful")
    settle(mo, taken(cast.cara, talk, mo, now, seq=1), now, "remove")
    message = db.session.get(Message, (talk.id, 1), populate_existing=True)
    assert (message.body, message.deleted_at) == (None, now)
    assert mails() == [(cast.paul.id, "remove")]


def test_removing_needs_a_message(app, cast, talk, now, mo):
    talk.exchange("cp")
    made = taken(cast.cara, talk, mo, now)
    with pytest.raises(Invalid):
        settle(mo, made, now, "remove")
    assert db.session.get(Report, made.id, populate_existing=True).state == "taken"


def test_a_pause_stops_every_send_and_ends_by_itself(app, api, cast, talk, now, mo, fresh):
    talk.exchange("cp")
    settle(mo, taken(cast.cara, talk, mo, now), now, "pause", days=3)
    paul = fresh(cast.paul)
    with pytest.raises(CannotWrite) as refused:
        talk.says(paul, "Still here")
    assert refused.value.detail.startswith("You cannot send messages for now.")
    program = api(paul)
    assert program.put(f"/api/threads/{talk.id}/typing").status_code == 403
    assert program.get(f"/api/threads/{talk.id}").json["thread"]["can_write"] is False
    assert api(cast.cara).get(f"/api/threads/{talk.id}").json["thread"]["can_write"] is True
    talk.says(cast.cara, "You can read this")
    assert end_pauses(now + timedelta(days=2)) == {"pauses_ended": 0}
    assert end_pauses(now + timedelta(days=3)) == {"pauses_ended": 1}
    talk.says(fresh(cast.paul), "Back")


def test_only_a_moderator_opens_what_a_moderator_ended(app, cast, talk, now, mo):
    talk.exchange("cp")
    settle(mo, taken(cast.cara, talk, mo, now), now, "end")
    for who in (cast.cara, cast.paul):
        with pytest.raises(Conflict):
            between.reopen_connection(viewer=who, thread_id=talk.id, now=now)
        with pytest.raises(CannotWrite):
            talk.says(who, "More")
    between.reopen_as_moderator(moderator=cast.ada, thread_id=talk.id, now=now)
    talk.says(cast.paul, "Thank you")


def test_a_measure_needs_a_reason_and_nothing_is_half_done(app, cast, talk, now, mo, fresh):
    talk.exchange("cp")
    made = taken(cast.cara, talk, mo, now)
    for outcome in ("warn", "end", "disable", "pause"):
        with pytest.raises(Invalid):
            settle(mo, made, now, outcome, reason=" ", days=3)
    with pytest.raises(Invalid):
        settle(mo, made, now, "pause", days=2)
    with pytest.raises(Invalid):
        settle(mo, made, now, "banish")
    assert mails() == []
    assert db.session.query(Measure).count() == 0
    assert fresh(cast.paul).is_active
    talk.says(cast.paul, "Still here")


def test_the_queue_is_paged_open_first_then_by_when_they_are_due(app, cast, talk, now, mo):
    talk.exchange("cp")
    made = [report(cast.cara, talk, now + HOUR * number) for number in range(5)]
    moderation.take(moderator=mo, report_id=made[0].id, now=now)
    moderation.take(moderator=mo, report_id=made[3].id, now=now)
    order, token = [], None
    for _ in range(6):
        found, token = moderation.queue(mo, before=token, limit=2)
        order += [made.index(next(m for m in made if m.id == each.id)) for each in found]
        if token is None:
            break
    assert order == [1, 2, 4, 0, 3]


def test_figures_count_by_kind_and_time_to_the_first_action(app, cast, talk, now, mo):
    talk.exchange("cp")
    moderation.take(moderator=mo, report_id=report(cast.cara, talk, now).id, now=now + 2 * HOUR)
    report(cast.paul, talk, now, kind="spam")
    assert moderation.figures(mo, now + 25 * HOUR) == {
        "open": 1,
        "late": 2,
        "by_kind": {"harassment": 1, "spam": 1},
        "first_action": 2.0,
    }
    # One that is forgotten for months is late all the same.
    later = moderation.figures(mo, now + timedelta(days=100))
    assert (later["open"], later["late"], later["by_kind"]) == (1, 2, {})


def test_the_page_gives_a_receipt_and_keeps_what_was_typed(app, browse, cast, talk, now):
    talk.exchange("cp")
    page = browse(cast.cara)
    form = page.get(f"/threads/{talk.id}/report?seq=2").text
    assert "Show the last 20 messages to moderators" in form
    assert "checked" not in form
    refused = page.post(
        f"/threads/{talk.id}/report", data={"kind": "nonsense", "words": "My words", "seq": "2"}
    )
    assert refused.status_code == 422
    assert "My words" in refused.text
    sent = page.post(f"/threads/{talk.id}/report", data={"kind": "spam", "words": "My words", "seq": "2"})
    assert sent.status_code == 303
    receipt = page.get(sent.location).text
    assert "Your report has arrived." in receipt
    (made,) = db.session.query(Report)
    assert (made.seq, made.shown_from, made.due_at - made.created_at) == (2, None, timedelta(hours=24))


def test_a_report_of_danger_shows_help_lines_at_once(app, browse, cast, talk, now):
    page, path = browse(cast.cara), f"/threads/{talk.id}/report"
    data = {"kind": "unsafe", "words": "", "show": "1"}
    shown = page.get(page.post(path, data=data).location).text
    assert "Call the emergency number of your country." in shown
    app.config["HELP_LINES"] = "Call 0800 111, or see https://help.example"
    shown = page.get(page.post(path, data=data).location).text
    assert 'Call 0800 111, or see <a href="https://help.example"' in shown
    assert "emergency number of your country" not in shown


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "x"},
        {"kind": "spam", "seq": 0},
        {"kind": "spam", "seq": "2"},
        {"kind": "spam", "show": 3},
    ],
)
def test_a_bad_report_is_refused_and_changes_nothing(app, api, cast, talk, now, body):
    answer = api(cast.cara).post(f"/api/threads/{talk.id}/reports", json=body)
    assert answer.status_code == 422
    assert db.session.query(Report).count() == 0


def test_a_json_report_is_answered_without_what_moderators_decide(app, api, cast, talk, now):
    talk.exchange("cp")
    answer = api(cast.cara).post(
        f"/api/threads/{talk.id}/reports", json={"kind": "money", "seq": 2, "show": True}
    )
    assert answer.status_code == 201
    assert set(answer.json["report"]) == {"id", "thread_id", "seq", "kind", "looked_at", "created_at"}


def test_moderators_work_on_pages(app, browse, cast, talk, now, mo):
    talk.says(cast.paul, "Something awful")
    made = report(cast.cara, talk, now, seq=1)
    page, path = browse(mo), f"/oversight/reports/{made.id}"
    listed = page.get("/oversight/reports").text
    assert "Harassment" in listed
    assert "Something awful" not in listed
    before = page.get(path).text
    assert "Take it" in before
    assert "Something awful" not in before
    page.post(f"{path}/take")
    opened = page.get(path).text
    assert "Something awful" in opened
    form = opened.partition("/settle")[2].partition("</form>")[0]
    assert "Not needed for “Nothing”." in form
    assert "field__optional" not in form, "it is needed for all others"
    assert "With “Nothing” the person hears nothing" in form
    refused = page.post(f"{path}/settle", data={"outcome": "warn", "reason": "", "days": "1"})
    assert refused.status_code == 422
    settled = page.post(f"{path}/settle", data={"outcome": "warn", "reason": "Insults", "days": "1"})
    assert "Settled." in page.get(settled.location).text
    assert "Harassment" in page.get("/oversight/reports?settled=1").text


def test_the_queue_is_there_without_oversight(make_app, now):
    app = make_app(FEATURES=("-oversight",))
    with app.app_context():
        migrate(app)
        cast = gather(now)
        app.test_client_class = Browser
        page = app.test_client().signed_in_as(cast.ada)
        assert page.get("/oversight/reports").status_code == 200
        assert page.get("/oversight/people").status_code == 200


@pytest.mark.each_database
@pytest.mark.parametrize("who", ["cara", "paul"])
def test_the_words_of_a_report_are_kept_for_its_decision_and_go_when_one_of_the_two_is_erased(
    app, cast, talk, now, mo, who
):
    talk.exchange("cp")
    settle(mo, first := taken(cast.cara, talk, mo, now), now, "nothing", reason="")
    second = taken(cast.cara, talk, mo, now)
    erase_person(user_id=getattr(cast, who).id, now=now)

    def words(made):
        return db.session.get(Report, made.id, populate_existing=True).words

    assert (words(first), words(second)) == ("", "He is rude")
    settle(mo, second, now, "nothing", reason="")
    assert words(second) == ""
