"""Opening threads: the three scopes, and one thread however many open it at once (trap 24)."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.errors import Invalid, NotFound
from wellchat.messaging.models import Membership, Thread
from wellchat.messaging.queries import thread_for
from wellchat.messaging.threads import open_thread
from wellchat.subjects.actions import claim, put_subject


def about(kind, cast, now, **more):
    return put_subject(
        kind=kind, external_id=f"{kind}-1", title="A title", professional_id=cast.paul.id, now=now, **more
    )


def test_a_pair_has_one_thread_no_matter_who_opens_it(app, cast, now):
    first, made = open_thread(viewer=cast.cara, with_id=cast.paul.id, now=now)
    again, made_again = open_thread(viewer=cast.paul, with_id=cast.cara.id, now=now)
    assert (first, made, made_again) == (again, True, False)


@pytest.mark.each_database
def test_twelve_simultaneous_opens_make_one_thread(app, cast, now, at_once):
    cara_id, paul_id = cast.cara.id, cast.paul.id

    def opening(i):
        viewer_id, other_id = (cara_id, paul_id) if i % 2 else (paul_id, cara_id)
        return open_thread(viewer=db.session.get(User, viewer_id), with_id=other_id, now=now)

    opened = at_once(12, opening)
    assert len({thread_id for thread_id, _ in opened}) == 1
    assert sum(made for _, made in opened) == 1
    assert db.session.scalar(select(func.count()).select_from(Thread)) == 1
    assert db.session.scalar(select(func.count()).select_from(Membership)) == 2


def test_a_thread_with_a_stranger_cannot_be_opened(app, cast, now):
    with pytest.raises(NotFound):
        open_thread(viewer=cast.paul, with_id=cast.olga.id, now=now)
    with pytest.raises(NotFound):
        open_thread(viewer=cast.cara, with_id="nobody", now=now)
    with pytest.raises(NotFound):
        open_thread(viewer=cast.cara, with_id=cast.cara.id, now=now)


def test_a_client_may_write_to_a_professional_who_is_open_to_clients(app, cast, now):
    thread_id, made = open_thread(viewer=cast.olga, with_id=cast.paul.id, now=now)
    assert made
    assert thread_for(cast.paul, thread_id).thread.client_id == cast.olga.id


def test_a_client_cannot_write_to_a_professional_who_is_not_open(app, cast, now, change):
    change(cast.paul, open_to_clients=False)
    with pytest.raises(NotFound):
        open_thread(viewer=cast.olga, with_id=cast.paul.id, now=now)


def test_bookings_and_sessions_share_the_pair_s_thread(app, cast, now):
    pair, _ = open_thread(viewer=cast.cara, with_id=cast.paul.id, now=now)
    for kind in ("booking", "session"):
        about(kind, cast, now, client_id=cast.cara.id)
        assert open_thread(viewer=cast.cara, subject=(kind, f"{kind}-1"), now=now) == (pair, False)
        assert open_thread(viewer=cast.paul, subject=(kind, f"{kind}-1"), now=now) == (pair, False)


def test_each_client_has_their_own_thread_about_a_coupon(app, cast, now):
    about("coupon", cast, now)
    pair, _ = open_thread(viewer=cast.cara, with_id=cast.paul.id, now=now)
    cara_s, made = open_thread(viewer=cast.cara, subject=("coupon", "coupon-1"), now=now)
    olga_s, _ = open_thread(viewer=cast.olga, subject=("coupon", "coupon-1"), now=now)
    assert made
    assert len({pair, cara_s, olga_s}) == 3
    view = thread_for(cast.paul, olga_s)
    assert view.thread.subject.title == "A title"
    assert view.thread.professional_id == cast.paul.id  # derived from the coupon


def test_a_professional_must_name_the_client_of_a_coupon_s_thread(app, cast, now):
    about("coupon", cast, now)
    with pytest.raises(Invalid):
        open_thread(viewer=cast.paul, subject=("coupon", "coupon-1"), now=now)
    with pytest.raises(NotFound):
        open_thread(viewer=cast.paul, subject=("coupon", "coupon-1"), with_id=cast.olga.id, now=now)
    thread_id, _ = open_thread(
        viewer=cast.paul, subject=("coupon", "coupon-1"), with_id=cast.cara.id, now=now
    )
    assert thread_for(cast.cara, thread_id).thread.key_scope == "client"


def test_a_lead_opens_its_thread_when_it_is_claimed(app, cast, now):
    lead = about("lead", cast, now, client_id=cast.olga.id, status="open")
    with pytest.raises(Invalid, match="claimed"):
        open_thread(viewer=cast.olga, subject=("lead", "lead-1"), now=now)
    _, thread_id, _ = claim(viewer=cast.paul, subject_id=lead.id, now=now)
    assert open_thread(viewer=cast.olga, subject=("lead", "lead-1"), now=now) == (thread_id, False)
    assert claim(viewer=cast.paul, subject_id=lead.id, now=now)[1] == thread_id


def test_a_lead_put_as_claimed_has_its_thread_at_once(app, cast, now):
    about("lead", cast, now, client_id=cast.olga.id)
    _, made = open_thread(viewer=cast.paul, subject=("lead", "lead-1"), now=now)
    assert not made


def test_only_the_professional_of_a_lead_may_claim_it(app, cast, now):
    lead = about("lead", cast, now, client_id=cast.olga.id, status="open")
    for viewer in (cast.rita, cast.olga, cast.cara):
        with pytest.raises(NotFound):
            claim(viewer=viewer, subject_id=lead.id, now=now)


@pytest.mark.parametrize("kind", ["booking", "session", "lead"])
def test_no_thread_opens_about_other_people_s_subjects(app, cast, now, kind):
    about(kind, cast, now, client_id=cast.cara.id)
    for viewer in (cast.olga, cast.rita):
        with pytest.raises(NotFound):
            open_thread(viewer=viewer, subject=(kind, f"{kind}-1"), now=now)
