"""Times outside of any calendar, and numbers in place of times."""

from __future__ import annotations

import base64

import pytest

ODD = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", 5, 1e18, True, "soon", "2026-01-01T00:00:00"]


@pytest.mark.parametrize("field", ["muted_until", "snoozed_until"])
@pytest.mark.parametrize("value", ODD)
def test_impossible_times_are_refused(talk, api, everything, field, value):
    cara, before = api(talk.cara), everything()
    answer = cara.patch(f"/api/threads/{talk.id}/membership", json={field: value})
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])
    assert everything() == before


@pytest.mark.parametrize("path", ["/api/threads", "/api/notifications"])
@pytest.mark.parametrize(
    "place", ["0001-01-01T00:00:00+14:00|x", "9999-12-31T23:59:59-14:00|x", "2026-01-01|\0"]
)
def test_page_tokens_with_impossible_times_are_refused(talk, api, path, place):
    before = base64.urlsafe_b64encode(place.encode()).decode()
    assert api(talk.cara).get(path, query_string={"before": before}).status_code == 422
