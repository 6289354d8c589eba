"""Beside a thread: what is next first and large, what is over in one line, and a way back from the card."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from wellchat.subjects.actions import put_subject
from wellchat.subjects.arranging import arrange
from wellchat.subjects.models import Subject

DAY = timedelta(days=1)


def subject(name, starts_at=None, status=None, kind="booking"):
    return Subject(id=name, kind=kind, title=name, starts_at=starts_at, status=status)


def test_what_is_next_is_first_and_what_is_over_is_folded(app, now):
    found = arrange(
        [
            subject("later", now + 9 * DAY),
            subject("next", now + DAY),
            subject("off", now + DAY / 2, "cancelled"),
            subject("past", now - DAY, "confirmed"),
            subject("done", None, "completed"),
            subject("coupon 1", kind="coupon"),
            subject("coupon 2", kind="coupon"),
            subject("coupon 3", kind="coupon"),
            subject("here", kind="lead"),
        ],
        now,
        "here",
    )
    names = [[each.id for each in part] for part in found]
    assert names == [["here", "next", "coupon 1", "coupon 2"], ["later", "coupon 3"], ["off", "past", "done"]]


@pytest.fixture
def booked(talk, now):
    """Twelve bookings that are over, and one that comes; the id of the one that comes."""
    for number in range(13):
        made = put_subject(
            kind="booking",
            external_id=f"b{number}",
            title=f"Cut {number}",
            professional_id=talk.paul.id,
            client_id=talk.cara.id,
            starts_at=now + (number - 11.5) * 7 * DAY,
            notify=False,
            now=now,
        )
    return made.id


def test_the_panel_has_one_button_and_the_card_leads_back(app, browse, talk, booked):
    page, path = browse(talk.cara), f"/threads/{talk.id}"
    panel = page.get(path).text.partition('id="details"')[2]
    assert panel.count("Message about this booking") == 1
    assert "12 earlier" in panel
    link = re.search(rf'href="(/subjects/{booked}[^"]*)"', panel)[1]
    card = page.get(link).text
    assert f'href="{path}">Back to the conversation' in card
    for elsewhere in ("https://evil.example", "//evil.example", "/sign-out", "/threads/x/../sign-out", "%00"):
        answer = page.get(f"/subjects/{booked}", query_string={"back": elsewhere})
        assert answer.status_code in (200, 422)
        assert f'<a href="{elsewhere}' not in answer.text
        assert "Back to the conversation" not in answer.text
