"""The same questions and the same answers on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, text, update

from tests.attachments.files import send, take
from wellchat.db import db, transaction
from wellchat.messaging.messages import delete_message, edit_message, send_message
from wellchat.messaging.models import Membership
from wellchat.messaging.threads import open_thread
from wellchat.search import actions, names, tokens
from wellchat.search import queries as asking
from wellchat.search.bookings import find_bookings
from wellchat.search.models import SearchEntry
from wellchat.search.queries import Question, search
from wellchat.subjects.actions import put_subject

pytestmark = pytest.mark.each_database

SAID = [
    "Shall we meet on Thursday at the café?",
    "Your appointment is confirmed.",
    "The invoice for the green jacket, number 4711",
    "Crème brûlée or gateau?",
    "明天上午见面可以吗",
    "東京タワーで会いましょう",
    "พรุ่งนี้เจอกันที่ร้าน",
    "Straße 5, 50% off, e-mail me: paul@example.com",
    'it\'s a "quoted" word -- NOT an operator* OR anything',
    "Привет, увидимся в четверг",
    "שלום, נתראה ביום חמישי",
]
FOUND = [
    ("thursday", [0]),
    ("THURS", [0]),
    ("cafe", [0]),
    ("Café", [0]),
    ("appoint", [1]),
    ("appointment confirmed", [1]),
    ("confirmed appointment", [1]),
    ("appointment green", []),
    ("invoce", [2]),
    ("invioce", [2]),
    ("jaket", [2]),
    ("jckt", []),
    ("4711", [2]),
    ("471", [2]),
    ("brulee", [3]),
    ("creme BRULE", [3]),
    ("gateaux", [3]),
    ("见面", [4]),
    ("明天见", []),
    ("见", [4]),
    ("タワー", [5]),
    ("東京", [5]),
    ("京東", []),
    ("เจอกัน", [6]),
    ("ร้าน", [6]),
    ("strasse", [7]),
    ("paul@example.com", [7]),
    ("50%", [7]),
    ("at", [0]),
    ("a", [8]),
    ("quoted", [8]),
    ('"quoted word"', [8]),
    ("not operator", [8]),
    ("operator*", [8]),
    ("четверг", [9]),
    ("ПРИВЕТ", [9]),
    ("שלום", [10]),
    ("nowhere", []),
    ("", []),
    ("   ", []),
    ("!?*", []),
    ("'", []),
    ("👍", []),
    ("NEAR(", []),
    ("tokens:thursday", []),
    ("^thursday", [0]),
    ("thursday -café", [0]),
    ("x" * 200, []),
    ("'; drop table messages; --", []),
    ("\\ % _", []),
]


def test_every_query_of_the_table_finds_its_messages(app, talk, find):
    for number, body in enumerate(SAID):
        talk.says(
            talk.cara if number % 2 else talk.paul, body, now=talk.now - timedelta(minutes=100 - number)
        )
    for viewer in (talk.cara, talk.paul):
        wrong = {
            q: got for q, expected in FOUND if (got := find(viewer, q)) != [SAID[i] for i in expected[::-1]]
        }
        assert wrong == {}


def test_results_are_newest_first_across_all_windows(app, talk, find):
    """Each stretch of time that the index is asked about, and their borders."""
    ages = [0, 1, 20, 40, 70, 200, 330, 400, 700, 800, 1500, 4000]
    for age in ages[::-1]:
        talk.says(talk.cara, f"banana {age}", now=talk.now - timedelta(days=age))
    assert find(talk.paul, "banana") == [f"banana {age}" for age in ages]


def test_a_search_finds_only_the_viewer_s_own_threads(app, cast, talk, other_talk, find):
    talk.says(talk.cara, "our secret pineapple")
    other_talk.says(cast.olga, "another pineapple")
    assert find(talk.cara, "pineapple") == ["our secret pineapple"]
    assert find(cast.olga, "pineapple") == ["another pineapple"]
    assert sorted(find(cast.paul, "pineapple")) == ["another pineapple", "our secret pineapple"]
    for outsider in (cast.rita, cast.ada):
        assert find(outsider, "pineapple") == []
        assert find(outsider, "pineapple", thread_id=talk.id) == []
        assert find(outsider, "pineapple", person_id=talk.cara.id) == []
    assert find(cast.olga, "pineapple", thread_id=talk.id) == []


def test_membership_and_not_the_index_decides_about_access(app, talk, find):
    """Though every token of the index were another's by chance."""
    talk.says(talk.cara, "our secret pineapple")
    assert find(talk.cara, "pineapple")
    with transaction() as session:
        session.execute(delete(Membership).where(Membership.user_id == talk.cara.id))
    assert find(talk.cara, "pineapple") == []
    assert find(talk.cara, "pineapple", thread_id=talk.id) == []


def test_a_wrong_index_entry_reveals_nothing(app, cast, talk, find):
    message = talk.says(talk.cara, "our secret pineapple")
    assert find(talk.paul, "pineapple")
    where = {"at": message.created_at, "thread_id": talk.id, "has_file": False}
    as_if = tokens.message_tokens("our secret pineapple", people=[cast.rita.id, cast.paul.id], **where)
    with transaction() as session:
        session.execute(update(SearchEntry).values(tokens=as_if))
    for question in (Question("pineapple"), Question("pineapple", thread_id=talk.id)):
        assert asking._hits(cast.rita, question, talk.now, None, 30) == ([], None)
    assert find(cast.paul, "pineapple")


def test_an_edited_message_is_found_by_its_new_text_only(app, talk, find):
    message = talk.says(talk.cara, "Meet me at the harbour")
    assert find(talk.paul, "harbour")
    edit_message(
        viewer=talk.cara, thread_id=talk.id, seq=message.seq, body="Meet me at the station", now=talk.now
    )
    entries = db.session.execute(text("SELECT count(*) FROM search_entries")).scalar_one()
    assert entries == 0, "taken out of the index with the edit itself"
    assert find(talk.paul, "harbour") == []
    assert find(talk.paul, "station") == ["Meet me at the station"]


def test_a_deleted_message_is_not_found(app, talk, find):
    message = talk.says(talk.cara, "Never mind the harbour")
    assert find(talk.paul, "harbour")
    delete_message(viewer=talk.cara, thread_id=talk.id, seq=message.seq, now=talk.now)
    assert db.session.execute(text("SELECT count(*) FROM search_entries")).scalar_one() == 0
    assert actions.waiting() == 0
    assert find(talk.paul, "harbour") == []


def test_a_message_deleted_before_indexing_is_not_found(app, talk, find):
    message = talk.says(talk.cara, "Never mind the harbour")
    delete_message(viewer=talk.cara, thread_id=talk.id, seq=message.seq, now=talk.now)
    assert find(talk.paul, "harbour") == []
    assert actions.waiting() == 0


def test_filters_narrow_a_search(app, cast, talk, other_talk, now, find):
    coupon = put_subject(
        kind="coupon", external_id="c", title="Half off", professional_id=cast.paul.id, now=now
    )
    booking = put_subject(
        kind="booking",
        external_id="b",
        title="Cut",
        professional_id=cast.paul.id,
        client_id=cast.cara.id,
        now=now,
    )
    about, _ = open_thread(viewer=cast.cara, subject=("coupon", "c"), now=now)
    send_message(sender=cast.cara, thread_id=about, body="melon one", client_key="1", now=now)
    wish = {"sender": cast.cara, "thread_id": talk.id, "client_key": "2", "subject": ("booking", "b")}
    send_message(**wish, body="melon two", now=now - timedelta(days=3))
    other_talk.says(cast.olga, "melon three", now=now - timedelta(days=40))
    everything = ["melon one", "melon two", "melon three"]
    assert find(cast.paul, "melon") == everything
    assert find(cast.paul, "melon", person_id=cast.cara.id) == everything[:2]
    assert find(cast.paul, "melon", person_id=cast.olga.id) == everything[2:]
    assert find(cast.paul, "melon", subject_id=coupon.id) == everything[:1]
    assert find(cast.paul, "melon", subject_id=booking.id) == everything[1:2]
    assert find(cast.paul, "melon", thread_id=talk.id) == everything[1:2]
    assert find(cast.paul, "melon", since=now - timedelta(days=4)) == everything[:2]
    assert find(cast.paul, "melon", until=now - timedelta(days=1)) == everything[1:]
    assert find(cast.paul, "", person_id=cast.olga.id) == everything[2:]
    assert find(cast.paul, "", thread_id=talk.id) == []


def pages_of(viewer, question, now, limit):
    place, found = None, []
    while True:
        answer = search(viewer, question, now=now, before=place, limit=limit)
        found += [one.message.body for one in answer.hits]
        place = answer.next_position
        if place is None:
            return found


def test_pages_have_every_result_exactly_once(app, talk, find, monkeypatch):
    """Also where many were said at the same instant, and where the index is asked for few at a time."""
    for number in range(23):
        talk.says(talk.cara, f"cherry {number}", now=talk.now - timedelta(days=number // 5 * 25))
    expected = [f"cherry {n}" for group in range(5) for n in range(min(group * 5 + 4, 22), group * 5 - 1, -1)]
    assert find(talk.paul, "cherry") == expected
    now = talk.now + timedelta(minutes=1)
    assert pages_of(talk.paul, Question("cherry"), now, 4) == expected
    monkeypatch.setattr(asking, "CANDIDATES", 3)
    assert pages_of(talk.paul, Question("cherry"), now, 2) == expected
    assert pages_of(talk.paul, Question("cherry 1"), now, 2) == ["cherry 1"]


def test_a_typo_is_allowed_only_without_exact_results(app, talk, find):
    talk.says(talk.cara, "there it is")
    talk.says(talk.cara, "three of them")
    assert find(talk.paul, "three") == ["three of them"]
    assert find(talk.paul, "theer") == ["there it is"]


def test_the_number_of_statements_does_not_grow(app, talk, other_talk, find, queries):
    counts = []
    for _ in range(3):
        for number in range(4):
            talk.says(talk.cara, f"plum {number}")
            other_talk.says(other_talk.cara, f"plum {number}")
        find(talk.paul, "plum")
        with queries() as counted:
            search(talk.paul, Question("plum"), now=talk.now)
        counts.append(counted.count)
    assert counts == [2, 2, 2]


def test_a_name_is_found_in_many_spellings(app, cast, talk, now, change):
    change(cast.cara, name="Zoë Łukasz-Müller")
    change(cast.olga, name="田中 太郎")
    from wellchat.connections.actions import connect

    connect(client_id=cast.olga.id, professional_id=cast.paul.id, now=now)

    def find_by_name(asked):
        found = names.find_by_name(cast.paul, asked)
        return [view.other.name for view in found.threads] + [person.name for person in found.people]

    for asked in ("zoe", "ZOË", "z", "muller", "lukas", "lukasc", "muller z"):
        assert find_by_name(asked) == ["Zoë Łukasz-Müller"], asked
    assert find_by_name("太郎") == ["田中 太郎"]
    assert find_by_name("rita") == find_by_name("") == find_by_name("%") == []


@pytest.mark.each_database
def test_the_file_filter_finds_only_messages_with_files(app, talk, find, now):
    talk.says(talk.cara, "The contract, in words")
    send(talk, talk.cara, [take(talk.cara, now)], body="The contract, scanned")
    send(talk, talk.cara, [take(talk.cara, now)])
    assert find(talk.paul, "contract", has_file=True) == ["The contract, scanned"]
    assert find(talk.paul, "", has_file=True) == ["", "The contract, scanned"]
    assert find(talk.paul, "contract") == ["The contract, scanned", "The contract, in words"]


def test_the_title_of_a_booking_is_found_by_its_two_people_alone(app, cast, talk, now, queries):
    def book(number, title, client=cast.cara):
        starts_at = now + timedelta(days=number)
        put_subject(
            kind="booking",
            external_id=f"b{number}",
            title=title,
            professional_id=cast.paul.id,
            client_id=client.id,
            starts_at=starts_at,
            now=now,
        )

    def titles(viewer, asked):
        return [hit.title for hit in find_bookings(viewer, asked, 5)]

    book(1, "Wedding trial for two")
    book(2, "Wedding morning, four heads")
    book(3, "Haircut", client=cast.olga)
    for viewer in (cast.cara, cast.paul):
        assert titles(viewer, "weding") == titles(viewer, "WEDD")
        assert titles(viewer, "wedding") == ["Wedding morning, four heads", "Wedding trial for two"]
        assert titles(viewer, "wedding trial") == ["Wedding trial for two"]
    (hit,) = find_bookings(cast.olga, "hair", 5)
    assert (hit.title, hit.excerpt.split(" · ")[0]) == ("Haircut", cast.paul.name)
    assert titles(cast.cara, "haircut") == titles(cast.rita, "wedding") == titles(cast.paul, "?") == []
    counts = []
    for number in (4, 5):
        book(number, "Wedding day")
        with queries() as counted:
            titles(cast.paul, "wedding")
        counts.append(counted.count)
    assert counts == [1, 1]


@pytest.mark.each_database
@pytest.mark.parametrize(
    ("body", "query"),
    [
        ("예약을 바꾸고 싶어요", "예약"),
        ("علی کتاب را آورد", "كتاب"),
        ("ساعت ۱۵ بیا", "15"),
        ("Ring +49 170 123-45 67 an", "01701234567"),
        ("Ring 01701234567 an", "0170 / 123 45 67"),
        ("für 1.234,56 Euro", "1234.56"),
        ("alles Gute 🎉", "🎉"),
        ("Hannah kommt auch", "ha"),
    ],
)
def test_people_find_what_they_wrote_as_they_type_it(talk, find, body, query):
    talk.says(talk.cara, "something else 0170 and 4567")
    talk.says(talk.paul, body)
    assert find(talk.cara, query) == [body]
