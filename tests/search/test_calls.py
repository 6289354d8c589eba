"""The JSON call and the page: shapes, addresses, odd input, limits."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from tests.cast import gather
from tests.databases import migrated
from tests.fixtures import Program
from wellchat.accounts.actions import create_token
from wellchat.db import db
from wellchat.messaging.messages import send_message
from wellchat.messaging.threads import open_thread
from wellchat.search import actions
from wellchat.search.schemas import SearchAnswer
from wellchat.subjects.actions import put_subject
from wellchat.web import limiter


@pytest.fixture
def said(app, talk):
    """A talk that the worker has put into the index."""
    talk.says(talk.cara, "See you at the <b>Café</b>\nby the harbour 👋🏽 tomorrow")
    talk.says(talk.paul, "The harbour it is", now=talk.now - timedelta(days=2))
    actions.index()
    return talk


def test_a_search_returns_message_thread_and_excerpt(api, said):
    answer = api(said.paul).get("/api/search", query_string={"q": "cafe", "names": "true"})
    assert answer.status_code == 200
    SearchAnswer.model_validate(answer.json, extra="forbid")
    (result,) = answer.json["results"]
    assert result["message"]["seq"] == 1
    assert result["thread"]["id"] == said.id
    assert result["excerpt"] == "See you at the <b>Café</b> by the harbour 👋🏽 tomorrow"
    ((start, end),) = result["marks"]
    assert result["excerpt"][start:end] == "Café"
    assert (answer.json["next"], answer.json["close"]) == (None, False)
    assert api(said.paul).get("/api/search?q=harbuor").json["close"] is True


def test_names_are_searched_only_on_request(api, said):
    found = api(said.paul).get("/api/search?q=client&names=1").json
    assert [thread["title"] for thread in found["threads"]] == ["Cara Client"]
    assert api(said.paul).get("/api/search?q=client").json["threads"] == []


def test_results_come_in_pages(api, said):
    first = api(said.paul).get("/api/search?q=harbour&limit=1").json
    second = (
        api(said.paul)
        .get("/api/search", query_string={"q": "harbour", "limit": 1, "before": first["next"]})
        .json
    )
    assert [r["message"]["seq"] for r in first["results"] + second["results"]] == [1, 2]
    assert second["next"] is None


ODD = [
    "*",
    '"',
    "''",
    "a AND",
    "NOT",
    "(",
    "-",
    "tokens:x",
    "^",
    "👍🏽",
    "﷽",
    "\u202e",
    "½",
    "\u0301",
    "%",
    "\\",
    "{}",
    "NEAR(a b)",
]


@pytest.mark.each_database
def test_unusual_queries_cause_no_error(api, said):
    program = api(said.paul)
    for q in [*ODD, "x" * 200, "見" * 200, "ab " * 66]:
        assert program.get("/api/search", query_string={"q": q, "names": "1"}).status_code == 200, q
    for limits in ("from=0001-01-01&to=9999-12-31", "from=9999-12-31&to=0001-01-01", "to=0001-01-01"):
        assert program.get(f"/api/search?q=harbour&{limits}").status_code == 200, limits


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "q=" + "x" * 10_000,
        "limit=0",
        "limit=x",
        "before=zzz",
        "before=%00",
        "from=tomorrow",
        "to=2026-02-31",
        "thread=%00",
        "person=" + "x" * 50,
        "has_file=perhaps",
        "before=MjAyNnx4fDF8",
    ],
)
def test_invalid_queries_are_refused(api, browse, said, query):
    answer = api(said.paul).get(f"/api/search?{query}")
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert answer.json["errors"]
    assert browse(said.paul).get(f"/search?{query}").status_code == 422


def test_days_are_in_the_viewer_s_time_zone(api, talk, change):
    change(talk.paul, time_zone="Pacific/Auckland")
    evening = talk.now.replace(hour=20, minute=0) - timedelta(days=1)  # in Auckland the next day already
    talk.says(talk.cara, "kiwi", now=evening)
    actions.index()
    next_day = (evening + timedelta(days=1)).date()

    def count(user, **days):
        return len(api(user).get("/api/search", query_string={"q": "kiwi", **days}).json["results"])

    assert count(talk.paul, **{"from": next_day, "to": next_day}) == 1
    assert count(talk.cara, **{"from": next_day, "to": next_day}) == 0
    assert count(talk.cara, **{"from": evening.date(), "to": evening.date()}) == 1


@pytest.mark.usefixtures("still_clock")
def test_too_many_searches_are_a_429(make_app, now):
    app = migrated(make_app(RATE_LIMITS=True))
    try:
        with app.app_context():
            paul = gather(now).paul
            program = Program(app, create_token(user_id=paul.id, now=now))
            limiter.reset()
            answers: list[Any] = []
            while len(answers) < 250 and (not answers or answers[-1].status_code == 200):
                answers.append(program.get("/api/search?q=harbour"))
            db.session.remove()
    finally:
        limiter.enabled = False  # it is one for all applications of this process
    assert answers[0].status_code == 200
    refused = answers[-1]
    assert (refused.status_code, refused.content_type) == (429, "application/problem+json")
    assert refused.headers["Retry-After"]


def test_the_page_highlights_matches_and_explains_empty_results(browse, said):
    page = browse(said.paul).get("/search?q=cafe").text
    assert "&lt;b&gt;<mark>Café</mark>&lt;/b&gt;" in page
    assert f'href="/threads/{said.id}#1"' in page
    assert 'name="q" value="cafe"' in page
    assert "Cara Client" in page
    assert "No exact matches for “harbuor”" in browse(said.paul).get("/search?q=harbuor").text
    assert "No messages match “nothing”" in browse(said.paul).get("/search?q=nothing").text
    assert "A message must contain all words" in browse(said.paul).get("/search").text


def test_the_address_of_the_page_contains_the_whole_query_and_no_words(browse, said):
    address = f"/search?q=harbour&thread={said.id}&person={said.cara.id}&from=2000-01-01&to=2100-01-01"
    page = browse(said.paul).get(address).text
    assert page.count("<mark>harbour</mark>") == 2
    chips = re.findall(r'class="chip" href="([^"]+)" aria-label="([^"]+)"', page)
    assert [label for _, label in chips] == [
        f"{label}: take this off"
        for label in ("With Cara Client", "With Cara Client", "From 1 Jan 2000", "Until 1 Jan 2100")
    ]
    assert not any("harbour" in href for href, _ in chips)
    without = browse(said.paul).get(chips[0][0]).text
    assert 'name="q" value="harbour"' in without
    assert without.count(": take this off") == 3
    assert (
        "Search everywhere" in browse(said.paul).get(f"/search?q=cafes&to=2001-01-01&thread={said.id}").text
    )


def test_words_that_are_looked_for_stand_in_no_address(browse, cast, said):
    """The form is posted; what its answer leads to is sealed, for its person alone."""
    paul = browse(said.paul)
    form = {"q": "Café & harbour", "thread": said.id, "from": "2000-01-01", "before": "x", "evil": "1"}
    answer = paul.post("/search", data=form)
    assert answer.status_code == 303
    assert re.fullmatch(r"/search\?sealed=[\w-]+", answer.location)
    page = paul.get(answer.location)
    assert page.status_code == 200
    assert 'name="q" value="Café &amp; harbour"' in page.text
    assert page.text.count(": take this off") == 2
    # Its results, its form and its links say them nowhere but in the field.
    assert not re.search(r'(?:href|action)="[^"]*(?:Caf|harbour)', page.text)
    # Twice the same is not the same address: who sees two of them learns nothing.
    assert paul.post("/search", data=form).location != answer.location
    for path in (
        answer.location,
        answer.location[:-1],
        "/search?sealed=",
        "/search?sealed=%00",
        "/?sealed=é",
    ):
        refused = browse(cast.rita).get(path)
        assert refused.status_code == 422, path
        assert "Search again" in refused.text
    # Filters alone are ids and days: their address stays as it was.
    assert paul.post("/search", data={"thread": said.id}).location == f"/search?thread={said.id}"
    assert paul.post("/search", data={}).location == "/search"
    long = paul.post("/search", data={"q": "x" * 9000})
    assert len(long.location) < 600
    assert paul.get(long.location).status_code == 422


def test_the_inbox_is_narrowed_without_words_in_its_address(browse, said):
    paul = browse(said.paul)
    answer = paul.post("/", data={"q": "cara", "unread": "1"})
    assert re.fullmatch(r"/\?sealed=[\w-]+", answer.location)
    page = paul.get(answer.location).text
    assert 'name="q" value="cara"' in page
    assert not re.search(r'(?:href|action|data-query)="[^"]*q=cara', page)
    assert 'type="hidden" name="unread" value="1"' in page


def test_the_call_takes_its_query_in_the_body_too(api, said):
    program = api(said.paul)
    asked = {"q": "harbour", "names": True, "from": "2000-01-01", "limit": 5}
    answer = program.post("/api/search", json=asked)
    assert answer.status_code == 200
    by_address = program.get("/api/search", query_string={**asked, "names": "1"})
    assert answer.json == by_address.json
    for wrong in ({"q": 5}, {"limit": "5"}, {"since": "2000-01-01"}, {"from": "soon"}, {"evil": 1}):
        assert program.post("/api/search", json=wrong).status_code == 422, wrong


def test_filters_do_not_reveal_names_of_others(browse, cast, said):
    page = browse(cast.rita).get(f"/search?q=harbour&thread={said.id}&person={said.cara.id}").text
    assert "Cara" not in page
    assert "Something that was not found" in page


def test_the_page_links_to_older_results(browse, talk):
    for number in range(40):
        talk.says(talk.cara, f"lemon {number}")
    actions.index()
    page = browse(talk.paul).get("/search?q=lemon").text
    link = re.search(r'href="(/search\?[^"]*)"[^>]*>Look further back', page)[1].replace("&amp;", "&")
    assert "<mark>lemon</mark> 3<" in browse(talk.paul).get(link).text
    assert "lemon" not in link


def test_the_menu_of_a_thread_links_to_the_search(browse, said):
    page = browse(said.paul)
    assert f'href="/search?thread={said.id}"' in page.get(f"/threads/{said.id}").text
    assert "With Cara Client" in page.get(f"/search?thread={said.id}").text


def test_the_page_suggests_filters_from_its_results(browse, cast, said, other_talk, now):
    coupon = put_subject(
        kind="coupon", external_id="c", title="Half <off>", professional_id=cast.paul.id, now=now
    )
    about, _ = open_thread(viewer=cast.olga, subject=("coupon", "c"), now=now)
    send_message(sender=cast.olga, thread_id=about, body="the harbour too", client_key="k", now=now)
    actions.index()
    page = browse(cast.paul).get("/search?q=harbour").text
    assert "With Olga" in page
    about_it = re.search(
        r'href="(/search\?sealed=[^"]+)"><span class="ellipsis">About Half &lt;off&gt;', page
    )[1]
    assert browse(cast.paul).get(about_it).text.count("<mark>") == 1
    page = browse(cast.paul).get(f"/search?q=harbour&subject={coupon.id}").text
    assert page.count("<mark>") == 1
    assert "About Half &lt;off&gt;: take this off" in page


def test_results_are_links_without_javascript(browse, said, now):
    page = browse(said.paul).get("/search?q=harbour").text
    assert set(re.findall(rf'href="(/threads/{said.id}[^"]*)"', page)) == {
        f"/threads/{said.id}#{seq}" for seq in (1, 2)
    }
    said.exchange("c" * 49)
    page = browse(said.paul).get("/search?q=harbour").text
    assert f'href="/threads/{said.id}?at=1#1"' in page
    assert f'href="/threads/{said.id}#2"' in page


def test_the_page_and_the_call_show_bookings(browse, api, talk, now):
    booking = put_subject(
        kind="booking",
        external_id="b",
        title="Wedding <trial>",
        professional_id=talk.paul.id,
        client_id=talk.cara.id,
        now=now,
    )
    page = browse(talk.cara).get("/search?q=wedding").text
    assert f'href="/subjects/{booking.id}"' in page
    assert "Wedding &lt;trial&gt;" in page
    assert "Bookings and sessions" in page
    answer = api(talk.cara).get("/api/search?q=wedding&names=1").json
    SearchAnswer.model_validate(answer, extra="forbid")
    assert [hit["path"] for hit in answer["others"][0]["hits"]] == [f"/subjects/{booking.id}"]
    assert api(talk.cara).get("/api/search?q=wedding").json["others"] == []
