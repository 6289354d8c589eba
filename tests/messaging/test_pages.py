"""The pages of conversation in a browser without script."""

from __future__ import annotations

import re

import pytest

from wellchat.db import db
from wellchat.messaging.models import Message
from wellchat.messaging.queries import thread_for
from wellchat.messaging.threads import open_thread
from wellchat.subjects.actions import put_subject


@pytest.fixture
def cara(browse, cast):
    return browse(cast.cara)


@pytest.fixture
def paul(browse, cast):
    return browse(cast.paul)


def cursor_on(page):
    return re.search(r'data-cursor="([^"]+)"', page.text)[1]


def test_an_empty_inbox_says_what_to_do(cara):
    page = cara.get("/")
    assert "Say the first hello" in page.text
    assert 'aria-label="Conversations"' in page.text


def test_an_empty_inbox_leads_administrators_to_their_own_work(browse, cast, change):
    for roles, place in (("owner", "/oversight/first-steps"), ("support", "/oversight")):
        change(cast.ada, admin_roles=roles)
        page = browse(cast.ada).get("/")
        assert "Say the first hello" not in page.text
        empty = page.text.partition('class="pane-list__empty"')[2].partition("</div>\n  </div>")[0]
        assert f'href="{place}"' in empty


def test_an_emptied_inbox_points_to_the_archive(cara, api, talk):
    talk.exchange("p")
    api(talk.cara).patch(f"/api/threads/{talk.id}/membership", json={"archived": True})
    page = cara.get("/")
    assert "Look under Archived or Snoozed for other conversations." in page.text
    assert "Say the first hello" not in page.text


def test_a_person_without_connections_learns_how_to_begin(browse, cast):
    assert "Open the link" in browse(cast.olga).get("/new").text
    rita = browse(cast.rita)
    assert 'href="/invite"' in rita.get("/new").text
    assert "can write to you" in rita.get(f"/people/{cast.rita.id}").text
    assert "/oversight" in browse(cast.ada).get("/new").text


def test_the_inbox_shows_name_subject_and_unread_count(paul, cast, talk, now):
    put_subject(
        kind="coupon", external_id="c", title="50% Off <Summer>", professional_id=cast.paul.id, now=now
    )
    open_thread(viewer=cast.olga, subject=("coupon", "c"), now=now)
    open_thread(viewer=cast.paul, subject=("coupon", "c"), with_id=cast.olga.id, now=now)
    talk.says(talk.cara, "Is <b>this</b> bold?")
    page = paul.get("/").text
    assert ">50% Off &lt;Summer&gt;</p>" in page
    assert "Re:" not in page
    assert "Is &lt;b&gt;this&lt;/b&gt; bold?" in page
    assert "1 new message" in page
    assert cursor_on(paul.get("/"))


def test_a_thread_shows_its_messages_in_order_and_a_divider_before_new_ones(cara, talk):
    talk.exchange("cpp")
    _, log, page = cara.get(f"/threads/{talk.id}").text.partition('role="log"')
    assert log
    assert (
        page.index("message 1")
        < page.index('role="separator"')
        < page.index("message 2")
        < page.index("message 3")
    )
    assert 'aria-label="Paul Professional"' in page


def test_opening_a_thread_s_page_marks_nothing_as_read(cara, talk, everything):
    """A preview or a prefetch fetches the page although nobody reads it."""
    talk.exchange("pp")
    before = everything()
    for path in (
        "/",
        f"/threads/{talk.id}",
        "/new",
        "/notifications",
        f"/people/{talk.paul.id}",
        "/settings",
    ):
        assert cara.get(path).status_code == 200, path
    assert everything() == before


def test_the_composer_sends_and_marks_the_shown_messages_as_read(cara, talk):
    talk.exchange("pp")
    answer = cara.post(
        f"/threads/{talk.id}/messages", data={"body": "a\r\nb", "client_key": "k", "seen": "2"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/threads/{talk.id}#3")
    assert db.session.get(Message, (talk.id, 3)).body == "a\nb"
    assert thread_for(talk.cara, talk.id).unread == 0


def test_the_same_form_posted_twice_is_one_message(cara, talk):
    for _ in range(2):
        cara.post(f"/threads/{talk.id}/messages", data={"body": "once", "client_key": "k"})
    assert thread_for(talk.cara, talk.id).thread.last_seq == 1


@pytest.mark.parametrize("body", ["", "  ", "x" * 10_001, "a\x00b"])
def test_a_refused_message_is_shown_again_with_the_reason(cara, talk, body):
    answer = cara.post(f"/threads/{talk.id}/messages", data={"body": body, "client_key": "k"})
    assert answer.status_code == 422
    assert 'id="composer-problem"' in answer.text
    if len(body) > 5:
        assert body[:5000] in answer.text  # nothing a person typed is lost
    assert thread_for(talk.cara, talk.id).thread.last_seq == 0


@pytest.mark.parametrize(
    ("form", "field"),
    [({"body": "hi"}, "client_key"), ({"body": "hi", "client_key": "k", "seen": "x"}, "seen")],
)
def test_a_mangled_form_is_refused(cara, talk, form, field):
    answer = cara.post(f"/threads/{talk.id}/messages", data=form)
    assert answer.status_code == 422
    assert thread_for(talk.cara, talk.id).thread.last_seq == 0


def test_a_button_marks_messages_as_read_without_script(cara, talk):
    talk.exchange("pp")
    offered = re.compile(r"<noscript>(?:(?!</noscript>).)*Mark as read", re.S)
    assert offered.search(cara.get(f"/threads/{talk.id}").text)
    cara.post(f"/threads/{talk.id}/read", data={"seq": "2"})
    assert thread_for(talk.cara, talk.id).unread == 0
    assert not offered.search(cara.get(f"/threads/{talk.id}").text)


def test_earlier_messages_are_a_link_away(cara, talk):
    talk.exchange("c" * 70)
    page = cara.get(f"/threads/{talk.id}").text
    assert "message 70" in page
    assert "message 20<" not in page
    link = re.search(r'href="(/threads/[^"]*before=21)"', page)[1]
    earlier = cara.get(link).text
    assert "message 20<" in earlier
    assert "message 1<" in earlier


def test_a_card_starts_a_conversation_about_it(cara, cast, now):
    booking = put_subject(
        kind="booking",
        external_id="b",
        title="Cut",
        professional_id=cast.paul.id,
        client_id=cast.cara.id,
        now=now,
    )
    answer = cara.post("/threads", data={"kind": "booking", "external_id": "b"})
    assert f"about={booking.id}" in answer.headers["Location"]
    page = cara.get(answer.headers["Location"])
    assert f'name="subject" value="{booking.id}"' in page.text
    thread_id = answer.headers["Location"].split("/")[2].split("?")[0]
    cara.post(
        f"/threads/{thread_id}/messages", data={"body": "About it", "client_key": "k", "subject": booking.id}
    )
    assert thread_for(cast.paul, thread_id).last_message.subject.title == "Cut"


def test_a_coupon_s_card_leads_to_its_own_thread(cara, cast, now):
    coupon = put_subject(
        kind="coupon", external_id="c", title="Half off", professional_id=cast.paul.id, now=now
    )
    page = cara.get(f"/subjects/{coupon.id}")
    assert "Contact Professional" in page.text
    answer = cara.post("/threads", data={"kind": "coupon", "external_id": "c"})
    assert "Re: Half off" in cara.get(answer.headers["Location"]).text


def test_a_lead_is_claimed_from_its_card(paul, cast, now):
    lead = put_subject(
        kind="lead",
        external_id="l",
        title="Bathroom",
        professional_id=cast.paul.id,
        client_id=cast.olga.id,
        status="open",
        now=now,
    )
    assert "Claim" in paul.get(f"/subjects/{lead.id}").text
    answer = paul.post(f"/subjects/{lead.id}/claim")
    assert "Re: Bathroom" in paul.get(answer.headers["Location"]).text


def test_a_profile_offers_to_write(cara, paul, cast, talk):
    assert f"/threads/{talk.id}" in cara.get(f"/people/{cast.paul.id}").text
    assert paul.get(f"/people/{cast.olga.id}").status_code == 404
    assert cara.get("/people/nobody").status_code == 404


def test_archive_and_mute_are_buttons(cara, talk):
    assert cara.post(f"/threads/{talk.id}/membership", data={"archived": "1"}).headers["Location"] == "/"
    assert talk.id in cara.get("/?archived=1").text
    cara.post(f"/threads/{talk.id}/membership", data={"mute": "always"})
    assert "Unmute" in cara.get(f"/threads/{talk.id}").text
    cara.post(f"/threads/{talk.id}/membership", data={"archived": "0", "mute": "off"})
    assert thread_for(talk.cara, talk.id).mine.muted_until is None


def test_the_chat_address_redirects_to_the_thread(cara, talk):
    assert cara.get(f"/chat/{talk.id}").headers["Location"] == f"/threads/{talk.id}"


def test_forms_need_their_csrf_token(cara, talk):
    for path in (
        "/threads",
        f"/threads/{talk.id}/messages",
        f"/threads/{talk.id}/membership",
        f"/threads/{talk.id}/read",
    ):
        answer = cara.post(path, data={"body": "hi", "client_key": "k", "seq": "1"}, forged=True)
        assert answer.status_code == 400, path
    assert thread_for(talk.cara, talk.id).thread.last_seq == 0


@pytest.mark.parametrize(
    "path",
    ["/?limit=0", "/?before=zzz", "/?q=%00", "/threads/{thread}?before=x", "/threads/{thread}?about=none"],
)
def test_bad_addresses_are_refused_clearly(cara, talk, path):
    answer = cara.get(path.format(thread=talk.id))
    assert answer.status_code in (404, 422)
    assert "<h1>" in answer.text
