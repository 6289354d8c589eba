"""Quiet hours are suggested from one's own answers, and nothing is set by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.cast import Talk
from wellchat.messaging.messages import send_message
from wellchat.notifications import queries
from wellchat.notifications.quiet_suggestion import rare_hours

MIDNIGHT = datetime(2026, 11, 18, tzinfo=UTC)


def moments(*hours: int) -> list[datetime]:
    return [MIDNIGHT + timedelta(hours=hour) for hour in hours]


@pytest.mark.parametrize(
    ("written", "zone", "suggested"),
    [
        (moments(*range(8, 21)) * 4, "UTC", ("21:00", "08:00")),
        ([*moments(*range(8, 21)) * 4, *moments(3)], "UTC", ("21:00", "08:00")),  # rarely is not never
        (moments(*range(8, 21)) * 4, "Asia/Tokyo", ("06:00", "17:00")),
        (moments(*range(8, 21)) * 2, "UTC", None),  # too few
        (moments(*range(0, 24, 4)) * 9, "UTC", None),  # at all hours
    ],
)
def test_the_hours_are_those_in_which_hardly_anything_is_written(
    written: list[datetime], zone: str, suggested: tuple[str, str] | None
) -> None:
    assert rare_hours(written, ZoneInfo(zone)) == suggested


@pytest.mark.each_database
def test_a_button_fills_the_form_and_only_saving_sets_them(talk: Talk, browse: Any) -> None:
    page, path = browse(talk.paul), "/settings/notifications"
    assert "Use these hours" not in page.get(path).text
    day = talk.now.astimezone(ZoneInfo(talk.paul.time_zone)).replace(hour=0, minute=0) - timedelta(days=3)
    for number in range(48):
        at = day + timedelta(hours=9 + number % 12)
        # What is sent automatically is no answer of theirs; by night it would leave no quiet hours.
        via = "automatic" if number >= 36 else None
        key, at = f"s{number}", at if via is None else at + timedelta(hours=12)
        send_message(sender=talk.paul, thread_id=talk.id, body="Yes", client_key=key, via=via, now=at)
    send_message(sender=talk.cara, thread_id=talk.id, body="At night", client_key="c", now=day)
    assert "You rarely answer between 21:00 and 09:00." in page.get(path).text
    assert "Use these hours" not in browse(talk.cara).get(path).text
    filled = page.get(f"{path}?rare_hours=1").text
    assert 'value="21:00"' in filled
    assert 'value="09:00"' in filled
    assert queries.preferences(talk.paul.id).quiet_from is None
