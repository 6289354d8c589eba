"""Who may talk to whom: one row per pair, and nobody looks up people they have no business with."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from wellchat.connections.actions import connect
from wellchat.connections.models import Connection
from wellchat.connections.queries import connection_between, person_for
from wellchat.db import db
from wellchat.errors import Invalid, NotFound


def count():
    return db.session.scalar(select(func.count()).select_from(Connection))


@pytest.mark.each_database
def test_twelve_simultaneous_connects_make_one_row(app, cast, now, at_once):
    olga, rita = cast.olga.id, cast.rita.id
    made = at_once(12, lambda _: connect(client_id=olga, professional_id=rita, now=now).id)
    assert len(set(made)) == 1
    assert count() == 2, "this one, and Cara's with Paul"


def test_connecting_again_returns_the_same_connection(app, cast, now):
    standing = connection_between(cast.cara.id, cast.paul.id)
    assert connect(client_id=cast.cara.id, professional_id=cast.paul.id, now=now).id == standing.id


@pytest.mark.parametrize(
    ("client", "professional", "field"),
    [
        ("paul", "rita", "client"),
        ("cara", "olga", "professional"),
        ("paul", "cara", "client"),
        ("cara", "cara", "professional"),
        ("ada", "paul", "client"),
        ("cara", "ada", "professional"),
        ("nobody", "paul", "client"),
        ("cara", "nobody", "professional"),
    ],
)
def test_only_a_client_and_a_professional_can_be_connected(app, cast, now, client, professional, field):
    def id_of(name):
        return getattr(cast, name).id if name != "nobody" else "nobody"

    with pytest.raises(Invalid) as refusal:
        connect(client_id=id_of(client), professional_id=id_of(professional), now=now)
    assert set(refusal.value.errors) == {field}
    assert count() == 1


def test_a_connection_is_found_by_its_two_people_only(app, cast):
    assert connection_between(cast.cara.id, cast.paul.id) is connection_between(cast.paul.id, cast.cara.id)
    assert connection_between(cast.olga.id, cast.paul.id) is None
    assert connection_between(cast.cara.id, cast.rita.id) is None


SEES = {
    "cara": {"cara", "paul", "rita"},  # Rita is open to new clients
    "paul": {"paul", "cara"},
    "olga": {"olga", "paul", "rita"},
    "rita": {"rita"},
    "ada": {"cara", "paul", "olga", "rita", "ada"},
}


@pytest.mark.parametrize("viewer", SEES)
def test_people_see_only_those_they_may_write_to(app, cast, viewer):
    for name in SEES["ada"]:
        person = getattr(cast, name)
        if name in SEES[viewer]:
            assert person_for(getattr(cast, viewer), person.id) is person
        else:
            with pytest.raises(NotFound):
                person_for(getattr(cast, viewer), person.id)


def test_a_professional_closed_to_new_clients_is_visible_to_connections_only(app, cast, change):
    change(cast.paul, open_to_clients=False)
    assert person_for(cast.cara, cast.paul.id) is cast.paul
    with pytest.raises(NotFound):
        person_for(cast.olga, cast.paul.id)


def test_a_stranger_and_a_missing_person_are_both_404(app, cast, api, browse):
    pages = [browse(cast.rita).get(f"/people/{person}") for person in (cast.cara.id, "0123456789abc")]
    assert [page.status_code for page in pages] == [404, 404]


def test_connect_prints_the_connection(app, cast):
    runner = app.test_cli_runner()
    first = runner.invoke(args=["connect", "Olga@example.com", "rita@example.com"])
    again = runner.invoke(args=["connect", "olga@example.com", "rita@example.com", "--json"])
    assert first.exit_code == again.exit_code == 0
    assert json.loads(again.output)["id"] == first.output.strip()
    for words in (["paul@example.com", "cara@example.com"], ["nobody@example.com", "paul@example.com"]):
        failed = runner.invoke(args=["connect", *words])
        assert (failed.exit_code, failed.stdout) == (1, "")
        assert len(failed.stderr.strip().splitlines()) == 1
    assert runner.invoke(args=["connect", "cara@example.com"]).exit_code == 2
