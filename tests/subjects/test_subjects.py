"""Subjects: how the platform puts them, who sees them, and what each person can do with them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from wellchat.accounts.models import User
from wellchat.connections.queries import connection_between
from wellchat.db import db
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.subjects.actions import claim, put_subject
from wellchat.subjects.models import Subject
from wellchat.subjects.queries import (
    subject_by_id,
    subject_json,
    subjects_between,
    subjects_of,
    visible_subject,
)


@pytest.fixture
def put(cast, now):
    def put(kind, external_id="1", **more):
        given = {"title": "A title", "professional_id": cast.paul.id, "now": now} | more
        return put_subject(kind=kind, external_id=external_id, **given)

    return put


def test_putting_a_subject_again_updates_it(app, cast, now, put):
    made = put(
        "booking", client_id=cast.cara.id, url="https://salon.example/1", starts_at=now, status="confirmed"
    )
    later = now + timedelta(days=1)
    again = put("booking", title=" Cut  and\ncolour ", starts_at=later, now=later)
    assert again.id == made.id
    assert (again.title, again.starts_at, again.updated_at) == ("Cut and colour", later, later)
    assert (again.client_id, again.url, again.status) == (
        cast.cara.id,
        "https://salon.example/1",
        "confirmed",
    )
    assert again.created_at == now


def test_the_same_external_id_of_another_kind_is_another_subject(app, cast, put):
    assert put("booking").id != put("session").id


@pytest.mark.each_database
def test_twelve_concurrent_puts_make_one_row(app, cast, now, at_once):
    paul, cara = cast.paul.id, cast.cara.id

    def put(i):
        return put_subject(
            kind="lead", external_id="7", title=f"Try {i}", professional_id=paul, client_id=cara, now=now
        ).id

    assert len(set(at_once(12, put))) == 1
    assert db.session.scalar(select(func.count()).select_from(Subject)) == 1


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("kind", {"kind": "wedding"}),
        ("kind", {"kind": ""}),
        ("external_id", {"external_id": ""}),
        ("external_id", {"external_id": "x" * 121}),
        ("external_id", {"external_id": "a\x00b"}),
        ("title", {"title": ""}),
        ("title", {"title": "  \n "}),
        ("title", {"title": "x" * 201}),
        ("title", {"title": "a\x00b"}),
        ("title", {"title": "\ud800"}),
        ("url", {"url": "javascript:alert(1)"}),
        ("url", {"url": "ftp://example.com"}),
        ("url", {"url": "//example.com"}),
        ("url", {"url": "https://"}),
        ("url", {"url": "https://exa mple.com"}),
        ("url", {"url": "https://[broken"}),
        ("url", {"url": "https://example.com/" + "x" * 2000}),
        ("status", {"status": ""}),
        ("status", {"status": "x" * 41}),
        ("starts_at", {"starts_at": datetime(2026, 1, 1)}),  # noqa: DTZ001
        ("professional", {"professional_id": "nobody"}),
        ("client", {"client_id": "nobody"}),
    ],
)
def test_invalid_fields_are_refused(app, put, field, given):
    with pytest.raises(Invalid) as refusal:
        put(given.pop("kind", "booking"), **given)
    assert set(refusal.value.errors) == {field}
    assert db.session.scalar(select(func.count()).select_from(Subject)) == 0


def test_people_in_the_wrong_role_are_refused(app, cast, put):
    for people in (
        {"professional_id": cast.cara.id},
        {"client_id": cast.rita.id},
        {"client_id": cast.ada.id},
    ):
        with pytest.raises(Invalid):
            put("booking", **people)


def test_a_booking_connects_its_two_people(app, cast, put):
    put("booking", client_id=cast.olga.id)
    assert connection_between(cast.olga.id, cast.paul.id) is not None


def test_a_lead_on_offer_connects_nobody(app, cast, put):
    put("lead", client_id=cast.olga.id, status="open")
    assert connection_between(cast.olga.id, cast.paul.id) is None


def test_the_people_of_an_existing_thread_cannot_be_replaced(app, cast, put):
    put("coupon")
    lead = put("lead", client_id=cast.cara.id)
    with pytest.raises(Conflict):
        put("coupon", professional_id=cast.rita.id)
    with pytest.raises(Conflict):
        put("lead", client_id=cast.olga.id)
    assert put("lead", client_id=cast.cara.id, title="Kitchen").id == lead.id
    offered = put("lead", "2", client_id=cast.cara.id, status="open")
    assert put("lead", "2", professional_id=cast.rita.id).id == offered.id, "offered to somebody else instead"


def test_a_lead_without_a_status_is_claimed_and_stays_so(app, cast, put):
    assert put("lead", client_id=cast.cara.id).status == "claimed"
    assert put("lead", client_id=cast.cara.id, status="open").is_unclaimed is False
    assert put("lead", client_id=cast.cara.id, status="done").status == "done"
    assert put("booking").status is None


@pytest.mark.each_database
def test_concurrent_claims_of_a_lead_all_succeed(app, cast, now, put, at_once):
    lead = put("lead", client_id=cast.cara.id, status="open")
    lead_id, paul = lead.id, cast.paul.id
    claimed = at_once(
        8, lambda _: claim(viewer=db.session.get(User, paul), subject_id=lead_id, now=now)[0].status
    )
    assert set(claimed) == {"claimed"}
    db.session.expire_all()
    assert not subject_by_id(cast.cara, lead_id).is_unclaimed


def test_claiming_a_lead_that_is_not_offered_is_refused(app, cast, now, put):
    lead = put("lead", client_id=cast.cara.id, status="open")
    booking = put("booking", client_id=cast.cara.id, status="open")
    for viewer, subject in ((cast.rita, lead), (cast.cara, lead), (cast.ada, lead), (cast.paul, booking)):
        with pytest.raises(NotFound):
            claim(viewer=viewer, subject_id=subject.id, now=now)
    with pytest.raises(NotFound):
        claim(viewer=cast.paul, subject_id="nothing", now=now)
    db.session.expire_all()
    assert lead.is_unclaimed
    put("lead", client_id=cast.cara.id, status="expired")
    with pytest.raises(Conflict):
        claim(viewer=cast.paul, subject_id=lead.id, now=now)


SEES = {
    ("booking", True): {"cara", "paul"},
    ("session", True): {"cara", "paul"},
    ("lead", True): {"cara", "paul"},
    ("coupon", True): {"cara", "paul"},
    ("coupon", False): {"cara", "olga", "paul"},
    ("booking", False): {"paul"},
    ("lead", False): {"paul"},
}


@pytest.mark.parametrize(("kind", "has_client"), SEES)
def test_people_see_their_own_subjects_and_open_coupons(app, cast, put, kind, has_client):
    subject = put(kind, client_id=cast.cara.id if has_client else None)
    for name in ("cara", "paul", "olga", "rita", "ada"):
        viewer = getattr(cast, name)
        if name in SEES[kind, has_client]:
            assert subject_by_id(viewer, subject.id).id == visible_subject(viewer, kind, "1").id == subject.id
            continue
        with pytest.raises(NotFound):
            subject_by_id(viewer, subject.id)
        with pytest.raises(NotFound):
            visible_subject(viewer, kind, "1")


def test_lists_contain_one_s_own_subjects_newest_first(app, cast, now, put):
    for i, days in enumerate((1, 3, 2)):
        put("booking", str(i), client_id=cast.cara.id, starts_at=now + timedelta(days=days))
    put("booking", "other", client_id=cast.olga.id)
    put("coupon", "for all")
    put("coupon", "a stranger's", professional_id=cast.rita.id)
    assert [s.external_id for s in subjects_between(cast.cara.id, cast.paul.id)] == ["1", "2", "0"]
    assert [s.external_id for s in subjects_of(cast.cara)] == ["1", "2", "0", "for all"]
    assert {s.external_id for s in subjects_of(cast.paul)} == {"0", "1", "2", "other", "for all"}
    assert subjects_between(cast.cara.id, cast.rita.id) == []


def card(subject, viewer):
    db.session.expire_all()
    return subject_json(subject_by_id(viewer, subject.id), viewer)


def test_subject_json_describes_the_card(app, cast, change, now, put):
    change(cast.paul, role_label="Influencer")
    coupon = put("coupon", title="50% Off Summer Collection", url="https://shop.example/c", status="active")
    shown = card(coupon, cast.olga)
    assert shown == {
        "id": coupon.id,
        "kind": "coupon",
        "kind_label": "Coupon",
        "external_id": "1",
        "title": "50% Off Summer Collection",
        "status": "active",
        "starts_at": None,
        "url": "https://shop.example/c",
        "scope": "client",
        "can_contact": True,
        "can_claim": False,
        "contact_label": "Contact Influencer",
    }
    assert card(coupon, cast.paul)["can_contact"] is False, "with whom?"


def test_an_unclaimed_lead_can_be_claimed_but_not_contacted(app, cast, now, put):
    lead = put("lead", client_id=cast.cara.id, status="open", starts_at=now)
    assert card(lead, cast.paul)["starts_at"].endswith("Z")
    assert [card(lead, who)["can_contact"] for who in (cast.paul, cast.cara)] == [False, False]
    assert [card(lead, who)["can_claim"] for who in (cast.paul, cast.cara)] == [True, False]
    claim(viewer=cast.paul, subject_id=lead.id, now=now)
    assert [card(lead, who)["can_contact"] for who in (cast.paul, cast.cara)] == [True, True]
    assert [card(lead, who)["can_claim"] for who in (cast.paul, cast.cara)] == [False, False]


def test_a_booking_without_a_client_cannot_be_contacted(app, cast, put):
    assert card(put("booking"), cast.paul)["can_contact"] is False
