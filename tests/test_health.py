"""What machines ask: alive, ready, and the figures."""

from __future__ import annotations

import re
import urllib.error
import urllib.request

import pytest

from tests.history.test_live import serving
from wellchat.longpoll.wakeups import poll_notifier


def figure(client, name):
    found = re.search(rf"^{re.escape(name)} ([0-9.e+-]+)$", client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else None


def test_alive_and_ready(client, valkey_url, app):
    assert client.get("/healthz").json == {"status": "ok"}
    app.config["REDIS_URL"] = valkey_url
    assert (client.get("/readyz").status_code, client.get("/readyz").json) == (200, {"status": "ok"})


def test_not_ready_without_what_it_needs(client, app):
    app.config["REDIS_URL"] = "redis://127.0.0.1:1"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["redis"]) == (503, "does not answer")
    assert client.get("/healthz").status_code == 200


def seen(client, path, *, address="127.0.0.1", token=None, **headers):
    given = {**headers, **({"Authorization": f"Bearer {token}"} if token else {})}
    return client.get(path, headers=given, environ_overrides={"REMOTE_ADDR": address})


def test_metrics_are_closed_but_for_this_host_named_networks_and_who_has_the_token(client, app):
    def may(address, **more):
        return seen(client, "/metrics", address=address, **more).status_code == 200

    assert may("127.0.0.1")
    assert not may("10.0.0.9"), "nobody has named the private network"
    assert not may("8.8.4.4")
    assert not may("127.0.0.1", **{"X-Forwarded-For": "8.8.4.4"})
    app.config["METRICS_NETWORKS"] = ("10.0.0.0/24", "fd00::/8")
    assert [may(each) for each in ("10.0.0.9", "fd00::1", "10.0.1.9", "127.0.0.1")] == [
        True,
        True,
        False,
        True,
    ]
    app.config["METRICS_TOKEN"] = "a token of the monitoring"
    assert may("10.0.0.9")
    assert not may("10.0.1.9")
    assert not may("10.0.1.9", token="a token of somebody else")
    assert may("8.8.4.4", token=app.config["METRICS_TOKEN"])
    app.config["TRUSTED_PROXIES"] = 1
    assert not may("127.0.0.1"), "behind a proxy everybody would seem to be this host"
    assert may("127.0.0.1", token=app.config["METRICS_TOKEN"])


def test_strangers_hear_that_it_is_not_ready_and_not_why(client, app):
    app.config["REDIS_URL"] = "redis://127.0.0.1:1"
    answer = seen(client, "/readyz", address="8.8.4.4")
    assert (answer.status_code, answer.json) == (503, {"status": "failed"})


def test_metrics_follow_what_happens(client, api, talk, background):
    program = api(talk.paul)
    cursor = program.get("/api/me").json["cursor"]
    idle = figure(client, 'wellchat_polls_total{status="204"}') or 0
    assert program.get("/api/updates", query_string={"since": cursor}).status_code == 204
    assert figure(client, 'wellchat_polls_total{status="204"}') == idle + 1

    hanging = background(
        lambda: program.get("/api/updates", query_string={"since": cursor, "wait": 20}).status_code
    )
    while not poll_notifier().waiting:
        pass
    assert figure(client, "wellchat_polls_waiting") == 1
    woken = figure(client, "wellchat_wakes_total")
    talk.says(talk.cara, "hello")
    assert hanging.result(5) == 200
    assert figure(client, "wellchat_polls_waiting") == 0
    assert figure(client, "wellchat_wakes_total") >= woken
    assert figure(client, "wellchat_update_seconds_count") >= 1
    assert figure(client, "wellchat_update_age_seconds_count") >= 1
    assert figure(client, "wellchat_outbox_due") == 1
    assert figure(client, "wellchat_database_connections_in_use") >= 1


def test_metrics_contain_no_personal_data(client, talk):
    talk.says(talk.cara, "a secret")
    page = client.get("/metrics").text
    for word in (talk.cara.id, talk.cara.email, talk.cara.name, talk.id, "secret"):
        assert word not in page


@pytest.mark.parametrize(
    "name",
    ["wellchat_outbox_oldest_seconds", "wellchat_change_log_unconfirmed", 'wellchat_mails{state="unknown"}'],
)
def test_queues_are_measured_at_each_request(client, talk, name):
    talk.says(talk.cara, "hello")
    assert figure(client, name) is not None


def test_without_a_database_the_other_metrics_are_shown(client, talk, make_app):
    talk.says(talk.cara, "hello")
    assert (figure(client, "wellchat_database_answers"), figure(client, "wellchat_outbox_due")) == (1, 1)
    away = make_app(DATABASE_URL="postgresql://nobody@127.0.0.1:1/none").test_client()
    answer = away.get("/metrics")
    assert answer.status_code == 200
    assert "wellchat_database_answers 0.0" in answer.text
    assert "wellchat_polls_waiting" in answer.text
    assert "wellchat_outbox_due NaN" in answer.text
    assert (figure(client, "wellchat_database_answers"), figure(client, "wellchat_outbox_due")) == (1, 1)


@pytest.mark.slow
def test_metrics_of_several_processes_add_up(postgresql_url, valkey_url, tmp_path):
    settings = {"WELLCHAT_DATABASE_URL": postgresql_url, "WELLCHAT_REDIS_URL": valkey_url}
    together = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "figures")}
    with serving(settings | together, tmp_path, workers=2) as place:
        for _ in range(40):  # each over a connection of its own, so that both processes have some
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(f"{place.url}/api/updates?since=x", timeout=10)
        for _ in range(4):
            page = urllib.request.urlopen(f"{place.url}/metrics", timeout=10).read()
            assert b'wellchat_polls_total{status="401"} 40.0' in page
