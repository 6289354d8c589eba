"""The page that says who may do what says what the routes do."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.access_matrix import OVERSIGHT, PAGE, duties_of, page_with
from tests.cast import Cast
from wellchat.accounts.duties import ADMIN_ROLES, DUTIES


def test_the_table_is_made_from_the_routes(app: Flask) -> None:
    text = PAGE.read_text()
    assert page_with(text, app) == text, "run: .venv/bin/python -m tests.access_matrix"


def test_every_address_of_oversight_has_its_duty(app: Flask) -> None:
    paths = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/oversight")}
    own = {path for path in paths if path != "/oversight" and duties_of(path) == OVERSIGHT["/oversight"]}
    assert own == set(), "say in tests/access_matrix.py whose duty it is"


@pytest.mark.parametrize("role", ADMIN_ROLES)
def test_each_role_sees_the_pages_of_its_duties(
    app: Flask, browse: Any, cast: Cast, change: Any, role: str
) -> None:
    change(cast.ada, admin_roles=role)
    me, asked = browse(cast.ada), 0
    for rule in app.url_map.iter_rules():
        duties = duties_of(rule.rule)
        if duties is None or rule.arguments or "GET" not in (rule.methods or ()):
            continue
        allowed = duties == "" or any(role in DUTIES[duty] for duty in duties.split())
        assert (me.get(rule.rule).status_code == 200) == allowed, rule.rule
        asked += 1
    assert asked >= 4
