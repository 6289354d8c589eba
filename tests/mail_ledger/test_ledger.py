"""The pages of the ledger: people read their own mails and why they came, administrators everybody's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from tests.browsing import Browser
from tests.mail.world import DELAY, NOON, World
from wellchat.accounts.models import User
from wellchat.db import transaction
from wellchat.digests import runs as digests
from wellchat.mail import actions
from wellchat.mail.models import Mail

Browse = Callable[..., Browser]


@pytest.fixture
def admin(world: World) -> User:
    return world.user("Ada Admin", "admin")


def welcome(world: World, person: User, minutes: int = 0) -> Mail:
    at = NOON + timedelta(minutes=minutes)
    return actions.queue_mail(
        user_id=person.id, address=person.email, name="welcome", context={"name": person.name}, now=at
    )


def make_unknown(mail: Mail) -> None:
    with transaction() as session:
        session.execute(
            update(Mail).where(Mail.id == mail.id).values(state="unknown", reason=actions.CRASHED)
        )


def test_people_read_which_emails_they_got_and_why(world: World, browse: Browse) -> None:
    world.say(world.client, "One")
    world.say(world.client, "Two")
    digests.sweep(NOON + DELAY)
    world.say(world.client, "Three", NOON + DELAY)
    world.read(world.coach, 3)
    digests.sweep(NOON + 2 * DELAY)
    page = browse(world.coach).get("/settings/emails").text
    assert "Emails we sent you, and why" in page
    assert "Unread, and the reader was away." in page
    assert f'href="/threads/{world.thread.id}?at=1#1">Ana Petrov</a>, messages 1 to 2' in page
    assert "Everything was read." in page
    assert "Not sent" in page
    assert "Two" not in page


def test_each_reads_it_in_their_own_language(world: World, browse: Browse) -> None:
    world.say(world.client, "One")
    digests.sweep(NOON + DELAY)
    english, german = (
        browse(world.coach).get("/settings/emails", headers={"Accept-Language": asked}).text
        for asked in ("en", "de")
    )
    assert "New messages <span" in english
    assert ">Sent</span>" in english
    assert "Neue Nachrichten <span" in german
    assert ">Gesendet</span>" in german


def test_nobody_reads_another_person_s_emails(world: World, browse: Browse) -> None:
    world.say(world.client, "One")
    digests.sweep(NOON + DELAY)
    page = browse(world.client).get("/settings/emails").text
    assert "There have been no emails for you yet." in page
    assert world.coach.email not in page
    assert browse().get("/settings/emails").status_code == 302


def test_the_ledger_is_shown_a_page_at_a_time(world: World, browse: Browse, admin: User) -> None:
    ids = [welcome(world, world.coach, n // 2).id for n in range(7)]  # two at every moment
    for who, path in ((world.coach, "/settings/emails"), (admin, "/oversight/emails")):
        seen: list[str] = []
        address = f"{path}?limit=3"
        for _ in range(3):
            page = browse(who).get(address).text
            found = [i for i in ids if i in page] if who is admin else page.count("mail-state--")
            seen += found if isinstance(found, list) else [""] * found
            if "Earlier ones" not in page:
                break
            address = _next(page) + "&limit=3"
        assert len(seen) == 7
        if who is admin:
            assert sorted(seen) == sorted(ids)


def _next(page: str) -> str:
    before_words = page[: page.index("Earlier ones")]
    return before_words[before_words.rindex('href="') + 6 :].split('"')[0].replace("&amp;", "&")


@pytest.mark.parametrize("path", ["/settings/emails", "/oversight/emails"])
@pytest.mark.parametrize("query", ["before=nonsense", "limit=0", "state=lost", "before=%00", "reason=%00"])
def test_bad_filters_are_refused(world: World, browse: Browse, admin: User, path: str, query: str) -> None:
    assert browse(admin).get(f"{path}?{query}").status_code == 422


def test_the_operator_s_page_is_for_administrators_only(world: World, browse: Browse) -> None:
    mail = welcome(world, world.coach)
    make_unknown(mail)
    for person in (world.coach, world.client):
        assert browse(person).get("/oversight/emails").status_code == 404
        assert browse(person).post(f"/oversight/emails/{mail.id}/resend").status_code == 404
    assert world.states() == ["unknown"]


def test_administrators_filter_by_state_name_person_and_reason(
    world: World, browse: Browse, admin: User
) -> None:
    kept, other = welcome(world, world.coach), welcome(world, world.client)
    make_unknown(kept)
    actions.record_skip(
        user_id=world.client.id, address=world.client.email, name="digest", reason="100% read.", now=NOON
    )

    def shown(query: str) -> set[str]:
        page = browse(admin).get(f"/oversight/emails?{query}").text
        return {m.id for m in world.mails() if m.id in page}

    assert len(shown("")) == 3
    assert shown("state=unknown") == {kept.id}
    assert shown(f"person={world.coach.email.upper()}") == {kept.id}
    assert shown(f"person={world.coach.id}") == {kept.id}
    assert kept.id not in shown("reason=100%25")
    assert len(shown("reason=100%25")) == 1, "what is asked for is meant to the letter"
    assert shown("reason=10_%25") == set()
    assert shown("state=queued&name=welcome") == {other.id}


def test_unknown_ones_are_shown_and_sent_again_by_hand_only(
    world: World, browse: Browse, admin: User
) -> None:
    mail = welcome(world, world.coach)
    make_unknown(mail)
    actions.sweep(NOON + timedelta(days=2))
    assert world.states() == ["unknown"]
    page = browse(admin).get("/oversight/emails").text
    assert "1 with unknown outcome" in page
    assert "It may have arrived already. In that case it will arrive twice." in page
    answer = browse(admin).post(
        f"/oversight/emails/{mail.id}/resend", data={"next": "/oversight/emails?state=unknown"}
    )
    assert (answer.status_code, answer.location) == (303, "/oversight/emails?state=unknown")
    [row] = world.mails()
    assert (row.state, row.reason) == ("queued", "Sent again by Ada Admin; it was unknown.")
    assert actions.sweep(row.due_at or NOON)["mails_sent"] == 1
    again = browse(admin)
    assert again.post(f"/oversight/emails/{mail.id}/resend").status_code == 303
    assert "only an unknown or failed one" in again.get("/oversight/emails").text
    assert len(world.server.messages) == 1
    assert browse(admin).post("/oversight/emails/0000000000000/resend").status_code == 404


def test_an_old_reason_is_shown_in_its_new_wording(world: World, browse: Browse) -> None:
    reason = "What waited was deleted by its sender."
    client = world.client
    actions.record_skip(user_id=client.id, address=client.email, name="digest", reason=reason, now=NOON)
    page = browse(client).get("/settings/emails").text
    assert "The unread messages were deleted." in page
    assert reason not in page


def test_a_reason_is_escaped_on_the_pages(world: World, browse: Browse, admin: User) -> None:
    actions.record_skip(
        user_id=world.coach.id,
        address=world.coach.email,
        name="digest",
        reason="<script>1</script>",
        now=NOON,
    )
    for who, path in ((world.coach, "/settings/emails"), (admin, "/oversight/emails")):
        assert "&lt;script&gt;1&lt;/script&gt;" in browse(who).get(path).text


def test_the_number_of_statements_does_not_grow_with_the_mails(
    world: World, browse: Browse, admin: User, queries: Callable[[], Any]
) -> None:
    counts = []
    for _ in range(2):
        for n in range(10):
            welcome(world, world.coach, n)
        me = browse(admin)
        me.get("/oversight/emails")
        with queries() as counted:
            me.get("/oversight/emails")
        counts.append(counted.count)
    assert counts[0] == counts[1]
