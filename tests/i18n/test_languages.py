"""Which language somebody reads, on pages and in mails, and how days and counts are told in it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from wellchat import i18n
from wellchat.accounts import actions as accounts
from wellchat.accounts import credentials
from wellchat.accounts.models import User
from wellchat.changes.cursor import Cursor
from wellchat.db import db
from wellchat.digests.preview import preview
from wellchat.errors import Conflict
from wellchat.mail import compose
from wellchat.mail.models import Mail
from wellchat.messaging import messages
from wellchat.messaging.threads import open_thread
from wellchat.notifications.models import Notification
from wellchat.notifications.queries import notification_json
from wellchat.subjects import actions as subjects

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
THURSDAY = datetime(2026, 11, 12, 14, 5, tzinfo=UTC)


def page(browser, path, **headers):
    return browser.get(path, headers=headers).get_data(as_text=True)


# Pages


@pytest.mark.parametrize(
    ("asked", "lang", "word"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de", "Anmelden"),
        ("fr", "fr", "Se connecter"),
        ("ja,fr;q=0.3", "fr", "Se connecter"),
        ("ja", "en", "Sign in"),
        ("en-GB", "en", "Sign in"),
        ("*", "en", "Sign in"),
        ("nonsense;;q=x", "en", "Sign in"),
    ],
)
def test_a_stranger_reads_what_the_browser_asks_for(client, asked, lang, word):
    answer = page(client, "/sign-in", **{"Accept-Language": asked})
    assert f'<html lang="{lang}" dir="ltr"' in answer
    assert word in answer


def test_without_a_wish_it_is_the_first_language(app, client):
    app.config["LANGUAGES"] = ("fr", "en")
    assert "Se connecter" in page(client, "/sign-in")


def test_a_person_s_choice_is_above_the_browser_s(app, cast, browse, now):
    browser = browse(cast.cara)
    assert "Profil" in page(browser, "/settings", **GERMAN)
    form = {"name": cast.cara.name, "time_zone": "UTC", "locale": "fr"}
    assert browser.post("/settings", data=form, headers=GERMAN).status_code == 303
    answer = page(browse(cast.cara), "/settings", **GERMAN)
    assert '<html lang="fr"' in answer
    assert '<option value="fr" selected>Français</option>' in answer
    browser.post("/settings", data=form | {"locale": ""}, headers=GERMAN)
    assert '<html lang="de"' in page(browse(cast.cara), "/settings", **GERMAN)


def test_a_refusal_is_told_without_the_database(talk, browse, change, monkeypatch):
    """It goes away within a transaction.

    The rollback leaves nothing of who asks, and nobody can tell it anew.
    """
    change(talk.cara, locale="de")

    def gone(*_):
        raise OperationalError("SELECT", {}, Exception("gone"))

    def goes_away(*_):
        event.listen(db.engine, "before_cursor_execute", gone)
        gone()

    monkeypatch.setattr(messages, "execute", goes_away)
    said = {"body": "Hello", "client_key": "1"}
    try:
        path, ours = f"/api/threads/{talk.id}/messages", {"Sec-Fetch-Site": "same-origin"}
        answer = browse(talk.cara).post(path, json=said, headers=ours)
    finally:
        event.remove(db.engine, "before_cursor_execute", gone)
    assert answer.status_code == 503
    assert answer.json["detail"].startswith("Der Server")


def test_a_language_that_is_not_there_is_refused(cast, browse):
    form = {"name": cast.cara.name, "time_zone": "UTC", "locale": "xx"}
    answer = browse(cast.cara).post("/settings", data=form)
    assert answer.status_code == 422
    assert "Choose one of these languages." in answer.get_data(as_text=True)
    assert db.session.get_one(User, cast.cara.id, populate_existing=True).locale is None


def test_what_is_wrong_with_a_form_is_told_in_it(client):
    answer = client.post("/sign-up", data={"email": "x", "name": "", "password": "short"}, headers=GERMAN)
    text = answer.get_data(as_text=True)
    assert "Das ist keine E-Mail-Adresse." in text
    assert "Dieses Feld ist erforderlich." in text


def test_pages_of_errors_too(cast, browse):
    assert "Hier ist nichts, oder Sie dürfen es nicht sehen." in page(
        browse(cast.cara), "/threads/nothing", **GERMAN
    )


def test_a_dead_link_too(client):
    text = page(client, "/reset-password/nonsense", **GERMAN)
    assert "Fordern Sie einen neuen an; der neueste gilt immer." in text
    assert "It may have been used already" not in text


@pytest.mark.parametrize(
    ("path", "given", "told"),
    [
        ("/api/threads/nothing", None, "Hier ist nichts, oder Sie dürfen es nicht sehen."),
        (f"/api/updates?since={Cursor('x', 'somebody', 1)}", None, "Dieser Cursor gehört jemand anderem."),
        ("/api/notifications?kind=x", None, "Eine Art von Mitteilung namens 'x' gibt es nicht."),
        ("/api/threads", b"no json", "Der Inhalt ist kein gültiges JSON."),
    ],
)
def test_the_details_of_a_refused_call_are_told_in_it_and_their_titles_are_not(
    cast, browse, path, given, told
):
    def refusal(**headers):
        sent = {} if given is None else {"method": "POST", "data": given, "content_type": "application/json"}
        return browse(cast.cara).open(path, headers=headers | {"Sec-Fetch-Site": "same-origin"}, **sent).json

    english, german = refusal(), refusal(**GERMAN)
    assert german["detail"] == told
    assert english["detail"] != told
    assert german["title"] == english["title"]


def test_a_lead_that_is_gone_too(app, cast, now):
    lead = subjects.put_subject(
        kind="lead", external_id="L1", title="A roof", professional_id=cast.paul.id, status="lost", now=now
    )
    with (
        app.test_request_context(headers=GERMAN),
        pytest.raises(Conflict, match="Diese Anfrage steht nicht mehr"),
    ):
        subjects.claim(viewer=cast.paul, subject_id=lead.id, now=now)


def test_a_conversation_about_something_has_one_name_everywhere(app, cast, now, browse):
    subjects.put_subject(
        kind="coupon", external_id="C1", title="50% Off", professional_id=cast.paul.id, now=now
    )
    thread_id, _ = open_thread(viewer=cast.cara, with_id=cast.paul.id, subject=("coupon", "C1"), now=now)
    cara = browse(cast.cara)
    # A row names the person first and the thing second, without a word for "about".
    for found in (page(cara, "/"), page(cara, "/", **GERMAN)):
        assert "50% Off" in found
        assert not re.search("(Re|Betrifft): 50% Off", found)
    for path in (f"/threads/{thread_id}", "/api/threads"):
        assert "Re: 50% Off" in page(cara, path)
        assert "Betrifft: 50% Off" in page(cara, path, **GERMAN)


def test_a_name_in_a_sentence_stays_text(cast, browse, talk):
    accounts.update_profile(user_id=cast.paul.id, name="Paul <b>P</b> & Co", time_zone="UTC")
    answer = page(browse(cast.cara), f"/threads/{talk.id}", **GERMAN)
    assert 'aria-label="Unterhaltung mit Paul &lt;b&gt;P&lt;/b&gt; &amp; Co"' in answer
    assert "<b>P</b>" not in answer


@pytest.mark.parametrize(
    "path", ["/", "/new", "/settings", "/settings/notifications", "/notifications", "/search?q=x"]
)
def test_from_right_to_left(app, cast, browse, path):
    app.config["LANGUAGES"] = ("en", "ar")
    answer = page(browse(cast.cara), path, **{"Accept-Language": "ar"})
    assert '<html lang="ar" dir="rtl"' in answer
    assert "js/catalogs/" not in answer


def test_scripts_get_the_words_of_their_page(cast, browse):
    german, english = (page(browse(cast.cara), "/", **{"Accept-Language": asked}) for asked in ("de", "en"))
    assert "js/catalogs/de.js" in german
    assert "js/catalogs/" not in english


# Days, times, numbers


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ["14:05", "Thu 12 Nov", "12 Nov", "12 Nov 2026", "Thu", "Thursday 12 November", "1.5"]),
        (
            "de",
            ["14:05", "Do., 12. Nov.", "12. Nov.", "12. Nov. 2026", "Do", "Donnerstag, 12. November", "1,5"],
        ),
        ("fr", ["14:05", "jeu. 12 nov.", "12 nov.", "12 nov. 2026", "jeu.", "jeudi 12 novembre", "1,5"]),
    ],
)
def test_days_times_and_numbers(app, language, told):
    with i18n.force_language(language):
        days = [i18n.format_date(THURSDAY, form) for form in ("day", "short", "year", "weekday", "long")]
        assert [i18n.format_time(THURSDAY), *days, i18n.format_number(1.5, 1)] == told


def test_english_writes_september_as_it_always_did(app):
    with i18n.force_language("en"):
        assert i18n.format_date(THURSDAY.replace(month=9, day=3)) == "Thu 3 Sep"


@pytest.mark.parametrize(
    ("language", "none", "one", "two"),
    [("en", "0 photos", "1 photo", "2 photos"), ("de", "0 Fotos", "1 Foto", "2 Fotos"),
     ("fr", "0 photo", "1 photo", "2 photos")],
)  # fmt: skip
def test_counts(app, language, none, one, two):
    with i18n.force_language(language):
        assert [i18n.ngettext("%(num)s photo", "%(num)s photos", n) for n in (0, 1, 2)] == [none, one, two]


def test_nobody_reads_without_an_application():
    assert i18n.gettext("Yesterday") == "Yesterday"


# Mails, and what is kept


def reads(user: User, language: str) -> None:
    accounts.note_language(user_id=user.id, language=language)


def test_who_signs_up_gets_mails_in_the_browser_s_language(client, app):
    form = {"email": "neu@example.com", "name": "Neu", "password": "drei kurze worte", "role": "client"}
    assert client.post("/sign-up", data=form, headers=GERMAN).status_code == 200
    mail = db.session.execute(select(Mail).where(Mail.address == "neu@example.com")).scalar_one()
    assert mail.name == "verification"
    assert "Bestätigen" in told(compose.render(mail, now=THURSDAY))


def told(rendered: compose.Rendered) -> str:
    from email import message_from_bytes
    from email.policy import default

    message = message_from_bytes(rendered.content, policy=default)
    return f"{message['subject']}\n{message.get_body(('plain',)).get_content()}"


def test_the_browser_s_language_is_kept_for_mails(cast, browse, queries):
    browser = browse(cast.cara)
    page(browser, "/settings", **GERMAN)
    assert db.session.get_one(User, cast.cara.id, populate_existing=True).browser_locale == "de"
    with queries() as known:
        page(browser, "/settings", **GERMAN)
    with queries() as another:
        page(browser, "/settings", **{"Accept-Language": "fr"})
    assert another.count > known.count


def test_a_choice_is_above_it_in_mails_too(cast, now):
    reads(cast.cara, "de")
    accounts.update_profile(user_id=cast.cara.id, name="Cara", time_zone="UTC", locale="fr")
    credentials.request_password_reset(email=cast.cara.email, now=now)
    mail = db.session.execute(select(Mail).where(Mail.user_id == cast.cara.id)).scalar_one()
    assert "Choisir un nouveau mot de passe" in told(compose.render(mail, now=now))


def test_a_digest_is_in_its_reader_s_language(app, cast, talk, now):
    reads(cast.cara, "de")
    talk.says(cast.paul, "Hello")
    talk.says(cast.paul, "Again")
    cara = db.session.get_one(User, cast.cara.id, populate_existing=True)
    with i18n.force_language("fr"):  # whoever sends it
        message = preview(cara, now + timedelta(hours=1)).message
    text = message.get_body(("plain",)).get_content()
    assert message["subject"] == f"Neues in Ihrer Unterhaltung mit {cast.paul.name}"
    assert "2 neue Nachrichten warten auf Sie" in text
    assert "Sie erhalten dies, weil diese Nachrichten ungelesen waren und Sie nicht da waren" in text
    with i18n.force_language("de"):
        assert i18n.format_date(now, "long") in text
    assert 'lang="de"' in message.get_body(("html",)).get_content()


def test_a_notification_is_told_in_its_reader_s_language(cast, now):
    reads(cast.cara, "de")
    subjects.put_subject(
        kind="session",
        external_id="s1",
        title="Erstgespräch",
        client_id=cast.cara.id,
        professional_id=cast.paul.id,
        starts_at=now + timedelta(days=3),
        now=now,
    )
    from wellchat.booking_notices.actions import sweep

    sweep(now)
    mine = (
        db.session.execute(select(Notification).where(Notification.user_id == cast.cara.id)).scalars().one()
    )
    theirs = (
        db.session.execute(select(Notification).where(Notification.user_id == cast.paul.id)).scalars().one()
    )
    assert mine.title == "Gebucht: Erstgespräch"
    assert theirs.title == "Booked: Erstgespräch"


def test_counts_beside_a_notification_are_told_when_they_are_shown(app, cast, now):
    row = Notification(
        user_id=cast.cara.id,
        kind="message",
        count=3,
        title="Paul",
        preview="x",
        created_at=now,
        updated_at=now,
        group_key="g",
        payload={},
    )
    for language, said in (
        ("en", "3 new messages"),
        ("de", "3 neue Nachrichten"),
        ("fr", "3 nouveaux messages"),
    ):
        with i18n.force_language(language):
            assert notification_json(row)["count_words"] == said
