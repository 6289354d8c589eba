"""Every route that names something of somebody's, tried by everybody else.

The table is made from the routes themselves: a new route with an id in its address is in it, or this fails.
What exists and is not yours answers exactly as what does not exist.
"""

from __future__ import annotations

import itertools

import pytest

from tests.outsiders import ELSEWHERE, addresses, call, fill, plain, samples_of, values_for, without_sample
from wellchat.db import new_id


def test_every_address_with_a_variable_is_accounted_for(app, talk, now):
    assert without_sample(app, samples_of(app, talk, now)) == []
    assert set(ELSEWHERE) <= {rule.rule for rule in app.url_map.iter_rules()}, "a route in ELSEWHERE is gone"


@pytest.mark.parametrize("who", ["olga", "rita", "ada"])
def test_what_is_not_yours_is_not_there(app, api, browse, cast, talk, now, who):
    talk.exchange("cp")
    outsider = getattr(cast, who)
    samples, tried = samples_of(app, talk, now), 0
    for method, rule in addresses(app):
        values = values_for(rule, samples)
        missing = {name: new_id() for name in values}
        client = api(outsider) if rule.rule.startswith("/api") else browse(outsider)
        theirs = call(client, method, rule, fill(rule, **values), samples)
        nothing = call(client, method, rule, fill(rule, **missing), samples)
        assert theirs.status_code == nothing.status_code == 404, (
            method,
            rule.rule,
            theirs.status_code,
            nothing.status_code,
        )
        assert plain(theirs, values) == plain(nothing, missing), (method, rule.rule)
        tried += 1
    assert tried >= 14


def test_nobody_gets_further_than_the_door(app, talk, now):
    client, samples = app.test_client(), samples_of(app, talk, now)
    for method, rule in addresses(app):
        values = values_for(rule, samples)
        answer = call(client, method, rule, fill(rule, **values), samples)
        if rule.rule.startswith("/api"):
            assert answer.status_code == 401, (method, rule.rule)
        elif method == "GET":
            assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, "/sign-in"), (
                rule.rule
            )
        else:
            assert answer.status_code in (302, 400), (method, rule.rule)


def test_outsiders_changed_nothing(app, api, browse, cast, talk, now, everything):
    """Whatever was refused was also not done."""
    talk.exchange("cp")
    samples = samples_of(app, talk, now)
    clients = [(api(who), browse(who)) for who in (cast.olga, cast.rita, cast.ada)]
    before = everything()
    for (method, rule), (program, page) in itertools.product(addresses(app), clients):
        values = values_for(rule, samples)
        call(program if rule.rule.startswith("/api") else page, method, rule, fill(rule, **values), samples)
    assert everything() == before
