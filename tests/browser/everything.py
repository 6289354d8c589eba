"""A house in which every page has something to show: what tests/browser/test_access.py walks through."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from pyotp import TOTP

from tests.attachments.files import PDF, picture, send, take
from tests.cast import Talk
from wellchat import sweeps
from wellchat.accounts.actions import create_user
from wellchat.accounts.address_models import AddressChange
from wellchat.accounts.links import ADDRESS, UNDO, not_me_path, path_for, path_of, reset_path
from wellchat.accounts.models import User
from wellchat.accounts.queries import user_by_email
from wellchat.automatic_messages.actions import set_up
from wellchat.automatic_messages.forms import Texts
from wellchat.check_ins.actions import make_rule, note_birthday, set_limit
from wellchat.check_ins.mail_links import refusal_path
from wellchat.clientele.notes import add_note
from wellchat.clientele.tags import tag_client
from wellchat.clock import now as clock_now
from wellchat.connections.actions import connect
from wellchat.db import db, new_id, transaction
from wellchat.demo.models import DemoPerson
from wellchat.demo.stories import STORIES
from wellchat.factors.actions import add_app
from wellchat.factors.codes import new_secret
from wellchat.factors.resets import STOP
from wellchat.figures.measuring import measure
from wellchat.figures.series import begin_missing
from wellchat.follow_ups.actions import remind
from wellchat.invites.actions import save_page
from wellchat.mail.models import Mail
from wellchat.messaging.memberships import change_membership
from wellchat.messaging.messages import delete_message, edit_message, pin, send_message
from wellchat.messaging.queries import thread_for
from wellchat.messaging.reactions import react
from wellchat.messaging.receipts import mark_read
from wellchat.messaging.threads import open_thread
from wellchat.notifications.unsubscribe import unsubscribe_path
from wellchat.oversight.actions import grant_access, search
from wellchat.portfolio.actions import set_page
from wellchat.portfolio.models import PUBLIC, YES, PortfolioAsk, PortfolioPicture
from wellchat.portfolio.queries import page_of
from wellchat.safety import between, moderation
from wellchat.safety.reports import make_report
from wellchat.saved_replies.actions import make_reply
from wellchat.saved_replies.forms import SavedReplyForm
from wellchat.saved_replies.models import EVERYBODY
from wellchat.scheduled.actions import schedule_message
from wellchat.scheduled.models import MINE, ScheduledMessage
from wellchat.subjects.actions import put_subject

LONG = "Bartholomäus-Maximilian von und zu Schwarzenberg-Hohenlohe-Waldenburg der Dreiundzwanzigste"
WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung" * 3


def furnish(talk: Talk) -> Any:
    now, cara, paul = clock_now(), talk.cara, talk.paul
    told = now - timedelta(hours=3)
    subject = put_subject(
        kind="booking",
        external_id="b",
        title="Cut and colour",
        professional_id=paul.id,
        client_id=cara.id,
        starts_at=now + timedelta(days=1),
        now=now,
    )
    lead = put_subject(
        kind="lead",
        external_id="l",
        title=LONG,
        professional_id=paul.id,
        client_id=cara.id,
        status="open",
        now=now,
    )
    talk.says(cara, "Hello, is there a place on Thursday?", now=told - timedelta(days=2))
    talk.says(paul, "There is. See https://example.com/a for the way, and bring the green one.", now=told)
    send_message(sender=cara, thread_id=talk.id, body="At nine?", client_key="q", reply_to=2, now=told)
    talk.says(paul, WORD, now=told)
    send_message(
        sender=paul, thread_id=talk.id, body="About this", client_key="s", subject=("booking", "b"), now=told
    )
    talk.says(cara, "Never mind this one", now=now)
    talk.says(cara, "I mean eigth", now=now)
    edit_message(viewer=cara, thread_id=talk.id, seq=7, body="I mean eight", now=now)
    delete_message(viewer=cara, thread_id=talk.id, seq=6, now=now)
    files = [take(paul, now, picture(size=(1200, 800), color=color)) for color in ("teal", "orange")]
    files.append(take(paul, now, PDF, "A price list with quite a long name that goes on and on, 2026.pdf"))
    send(talk, paul, files, "Some pictures")
    for emoji, who in (("👍", cara), ("👍", paul), ("❤️", paul)):
        react(viewer=who, thread_id=talk.id, seq=2, emoji=emoji, on=True, now=now)
    pin(viewer=paul, thread_id=talk.id, seq=2, on=True, now=now)
    mark_read(viewer=cara, thread_id=talk.id, seq=7, now=now)
    mark_read(viewer=paul, thread_id=talk.id, seq=3, now=now)
    talk.says(paul, "The last word is mine", now=now)

    olga = user_by_email("olga@example.com")
    assert olga is not None
    secret = new_secret()
    add_app(user_id=olga.id, secret=secret, typed=TOTP(secret).now(), now=now)

    loud = create_user(email="long@example.com", name=LONG, role="professional", now=now)
    connect(client_id=cara.id, professional_id=loud.id, now=now)
    long_id, _ = open_thread(viewer=cara, with_id=loud.id, now=now)
    send_message(sender=loud, thread_id=long_id, body=WORD, client_key="w", now=now)
    change_membership(viewer=cara, thread_id=long_id, changes={"pinned": True})
    silent = create_user(email="silent@example.com", name="Sil Ent", role="professional", now=now)
    connect(client_id=cara.id, professional_id=silent.id, now=now)
    silent_id, _ = open_thread(viewer=cara, with_id=silent.id, now=now)

    ada, rita = user_by_email("ada@example.com"), user_by_email("rita@example.com")
    assert ada
    assert rita
    save_page(user_id=rita.id, name="rita-rival", is_shown=True, now=now)
    ended, blocked = _closed(cara, paul, now)
    report = make_report(
        viewer=cara, thread_id=talk.id, seq=4, kind="harassment", words="This is rude", show=True, now=now
    )
    moderation.take(moderator=ada, report_id=report.id, now=now)
    reason = "They asked for help with this one."
    looked_for = search(admin=ada, term="cara", reason=reason, now=now)
    entry = grant_access(admin=ada, thread_id=talk.id, reason=reason, now=now)
    story = STORIES[0]
    with transaction() as session:
        for person, user in zip(story.people, (cara, paul), strict=False):
            session.add(DemoPerson(user_id=user.id, story=story.key, person=person.key))
    mail = cara.email
    asked = AddressChange(user_id=cara.id, old_email=mail, new_email="cara.new@example.com", asked_at=now)
    moved = AddressChange(
        user_id=cara.id, old_email="cara.old@example.com", new_email=mail, asked_at=now, confirmed_at=now
    )
    with transaction() as session:
        session.add_all([asked, moved])
    consent = PortfolioAsk(id=new_id(), thread_id=talk.id, message_seq=8, purpose=PUBLIC, state=YES)
    consent.client_id, consent.professional_id = cara.id, paul.id
    consent.asked_at = consent.answered_at = now
    shown = PortfolioPicture(ask_id=consent.id, attachment_id=files[0].id, digest=files[0].digest, position=0)
    shown.public_id = "shown-to-everybody"
    with transaction() as session:
        session.add(consent)
        session.flush()
        session.add(shown)
    set_page(viewer=paul, is_on=True, now=now)
    page = page_of(paul.id)
    assert page
    begin_missing(now)
    measure(now, 1000)  # the days until yesterday
    for _ in range(3):  # one piece of work makes another
        sweeps.run(now + timedelta(hours=2))
    mail_id = db.session.query(Mail.id).filter(Mail.user_id == cara.id).limit(1).scalar()
    _who_she_is(cara, paul, now)
    replies = _words(paul, silent, now)
    return SimpleNamespace(
        **replies,
        thread=f"/threads/{talk.id}",
        long=f"/threads/{long_id}",
        silent=f"/threads/{silent_id}",
        thread_id=talk.id,
        portfolio=page.address,
        person=paul.id,
        client=cara.id,
        public_name="rita-rival",
        subject=subject.id,
        lead=lead.id,
        grant=entry.id,
        report=report.id,
        ended=f"/threads/{ended}",
        blocked=f"/threads/{blocked}",
        looked_for=looked_for.id,
        mail=mail_id,
        stop_reset=path_for(olga, STOP, now),
        reset=reset_path(cara.id, now).rsplit("/", 1)[1],
        not_me=not_me_path(cara.id, now).rsplit("/", 1)[1],
        new_address=path_of(ADDRESS, asked.id, now).rsplit("/", 1)[1],
        old_address=path_of(UNDO, moved.id, now).rsplit("/", 1)[1],
        unsubscribe=unsubscribe_path(cara.id).rsplit("/", 1)[1],
        **_later(talk, now),
    )


def _who_she_is(cara: User, paul: User, now: datetime) -> None:
    """Earlier bookings of Cara's with Paul, and his notes and tags about her."""
    for number in range(1, 13):
        starts = now - timedelta(days=40 * number + 30)
        put_subject(
            kind="booking",
            external_id=f"past-{number}",
            title="Root touch-up" if number % 2 else LONG,
            professional_id=paul.id,
            client_id=cara.id,
            status="cancelled" if number == 3 else "completed",
            starts_at=starts,
            notify=False,
            now=now,
        )
    about = {"viewer": paul, "client_id": cara.id}
    add_note(**about, kind="note", body=f"Hates the smell of coconut.\n{WORD}", client_key="n", now=now)
    add_note(**about, kind="preference", body="mornings", client_key="p", now=now)
    for name in ("sensitive scalp", "organic", "pays cash"):
        tag_client(**about, name=name)


def _later(talk: Talk, now: datetime) -> dict[str, str]:
    """Messages that are sent later, one of them refused; a reminder; a rule, and whom it is for."""
    week = now + timedelta(days=7)
    for key, state, reason in (
        ("waits", "queued", None),
        ("not", "refused", "You cannot write here any more."),
    ):
        one, _ = schedule_message(
            author=talk.cara,
            thread_id=talk.id,
            body="See you!",
            client_key=key,
            send_at=week,
            zone_of=MINE,
            now=now,
        )
        with transaction() as session:
            session.get_one(ScheduledMessage, one.id).state = state
            session.get_one(ScheduledMessage, one.id).reason = reason
    reminder = remind(
        viewer=talk.cara, thread_id=talk.id, note="Ask about the colour", remind_at=week, now=now
    )
    for name, body in (("Birthday", "All the best, {first_name}!"), ("Another", "Hello")):
        rule = make_rule(
            viewer=talk.paul, name=name, occasion="birthday", days=0, hour=10, body=body, now=now
        )
    set_limit(viewer=talk.paul, per_month=1)
    note_birthday(viewer=talk.paul, thread_id=talk.id, month=week.month, day=week.day)
    connection_id = thread_for(talk.cara, talk.id).thread.connection_id
    refusal = refusal_path(connection_id).rsplit("/", 1)[1]
    return {"scheduled": one.id, "reminder": reminder.id, "rule": rule.id, "refusal": refusal}


def _words(paul: User, silent: User, now: datetime) -> dict[str, str]:
    """Saved replies of Paul's and of everybody; Sil works in three days again. Return two of their ids."""
    texts = [
        ("Thanks", "Thank you, {first_name}. See you soon!"),
        ("See you", "Until {booking_time}, {name}."),
        ("Address and parking", f"Main street 5. {WORD}"),
    ]
    own, *_ = [
        make_reply(shelf=paul.id, form=SavedReplyForm(title=title, body=body), now=now)
        for title, body in texts
    ]
    site = make_reply(shelf=EVERYBODY, form=SavedReplyForm(title="Opening", body="Nine to five."), now=now)
    hours: list[list[list[str]]] = [[] for _ in range(7)]
    hours[(now + timedelta(days=3)).weekday()] = [["09:00", "12:30"], ["13:30", "17:00"]]
    set_up(viewer=silent, texts=Texts(welcome="Hello!"), hours=hours, days_off=[], now=now)
    put_subject(kind="coupon", external_id="ten", title="Ten off", professional_id=paul.id, now=now)
    return {"reply": own.id, "site_reply": site.id}


def _closed(cara: User, paul: User, now: datetime) -> tuple[str, str]:
    """Return two threads in which nobody writes: one of Cara's was ended, in one of Paul's he blocked."""
    enda = create_user(email="enda@example.com", name="Enda", role="professional", now=now)
    blaise = create_user(email="blaise@example.com", name="Blaise", role="client", now=now)
    long_ago = now - timedelta(days=9)
    ids = []
    for client, professional in ((cara, enda), (blaise, paul)):
        connect(client_id=client.id, professional_id=professional.id, now=long_ago)
        thread_id, _ = open_thread(viewer=client, with_id=professional.id, now=long_ago)
        send_message(sender=client, thread_id=thread_id, body="Goodbye", client_key="g", now=long_ago)
        ids.append(thread_id)
    between.end_connection(viewer=enda, thread_id=ids[0], now=now)
    between.block(viewer=paul, thread_id=ids[1], now=now)
    return ids[0], ids[1]
