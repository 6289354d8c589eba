"""One click ends the emails; opening the link does not, and it gives no other access."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browsing import Browser
from tests.mail.world import World
from wellchat.notifications import queries
from wellchat.notifications.unsubscribe import unsubscribe_path

Browse = Callable[..., Browser]
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def test_opening_the_link_changes_nothing_and_one_click_unsubscribes(world: World, browse: Browse) -> None:
    path, nobody = unsubscribe_path(world.coach.id), browse()
    for method in ("GET", "HEAD", "GET"):
        answer = nobody.open(path, method=method)
        assert answer.status_code == 200
    assert queries.preferences(world.coach.id).cadence == "soon"
    for _ in range(2):
        answer = nobody.post(path, data=ONE_CLICK, forged=True)
        assert answer.status_code == 200
        assert answer.location is None
        assert queries.preferences(world.coach.id).cadence == "off"
    assert queries.preferences(world.client.id).cadence == "soon", "nobody else's"


def test_the_page_reveals_nothing(world: World, browse: Browse) -> None:
    answer = browse().get(unsubscribe_path(world.coach.id))
    assert world.coach.email not in answer.text
    assert world.coach.name not in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers or "_user_id" not in answer.headers["Set-Cookie"]


def test_the_link_opens_nothing_else(world: World, browse: Browse) -> None:
    token = unsubscribe_path(world.coach.id).rsplit("/", 1)[1]
    nobody = browse()
    nobody.get(f"/unsubscribe/{token}")
    assert nobody.get("/api/me").status_code == 401
    assert nobody.get("/api/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert nobody.get(f"/reset-password/{token}").status_code >= 400
    assert nobody.get(f"/verify/{token}").status_code >= 400


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: "x" + t, lambda _: "x", lambda t: t.swapcase(), lambda t: t + "."]
)
def test_forged_links_are_refused(world: World, browse: Browse, change: Callable[[str], str]) -> None:
    token = unsubscribe_path(world.coach.id).rsplit("/", 1)[1]
    for method in ("GET", "POST"):
        assert browse().open(f"/unsubscribe/{change(token)}", method=method, forged=True).status_code == 404
    assert queries.preferences(world.coach.id).cadence == "soon"
