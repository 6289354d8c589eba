"""Addresses that name nobody, on both databases: what one of them cannot even ask for is not there either."""

from __future__ import annotations

import pytest

ODD = ["%00", "a%00b", "%ed%a0%80", "%ff%fe", "x" * 500, "..%2f..", "'%20OR%201=1--", "%F0%9F%99%82"]


@pytest.mark.slow
@pytest.mark.each_database
def test_unprintable_ids_in_addresses_are_404(app, cast, browse):
    cara = browse(cast.cara)
    for odd in ODD:
        for path in (f"/people/{odd}", f"/people/{odd}/avatar", f"/subjects/{odd}", f"/threads/{odd}"):
            assert cara.get(path).status_code == 404, path
        assert cara.post(f"/settings/tokens/{odd}/revoke").status_code == 404
        assert cara.get(f"/verify/{odd}").status_code in (404, 410)


@pytest.mark.each_database
def test_unprintable_values_in_forms_are_refused(app, cast, browse):
    cara = browse(cast.cara)
    for form in (
        {"with": "a\x00b"},
        {"kind": "\x00", "external_id": "1"},
        {"kind": "booking", "external_id": "\x00"},
    ):
        assert cara.post("/threads", data=form).status_code in (404, 422), form
