"""The command line with the platform's ids says the same as the host API."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask

from tests.host.conftest import HostServer
from wellchat.connections.models import Connection
from wellchat.db import db


def test_commands_with_external_ids_answer_as_the_host_api(app: Flask, host: HostServer) -> None:
    def run(*words: str) -> Any:
        return app.test_cli_runner().invoke(args=words)

    def data(*words: str) -> Any:
        done = run(*words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.output)

    cleo = (
        "user",
        "create",
        "cleo@shop.example",
        "--name",
        "Cleo",
        "--role",
        "client",
        "--external-id",
        "c/1",
    )
    made = data(*cleo)
    assert (made["user"]["external_id"], made["user"]["email_verified"]) == ("c/1", True)
    assert data(*cleo) == host.puts("c/1", name="Cleo").json == {**made, "changed": []}
    run("user", "put", "p-1", "--name", "Pia", "--role", "professional")
    pair = ("connect", "c/1", "p-1", "--external-id")
    first = data(*pair)
    assert data(*pair) == first
    assert host.put("/connections", {"client": "c/1", "professional": "p-1"}).json == first
    booking: tuple[str, ...] = (
        "subject",
        "put",
        "booking",
        "B-1",
        "--title",
        "Cut",
        "--professional",
        "p-1",
        "--client",
        "c/1",
    )
    booking += ("--external-id", "--starts-at", "2030-01-04T14:00:00Z", "--quiet")
    put = data(*booking)
    assert put["subject"]["client"] == "c/1"
    assert data(*booking) == host.put("/subjects/booking/B-1", {"title": "Cut"}).json == put
    assert run(*booking).output.split("\t")[1] == "nothing changed\n"
    for wrong, word in (
        ((*cleo, "--password", "correct horse"), "no password here"),
        (
            ("user", "create", "a@b.example", "--name", "A", "--role", "admin", "--external-id", "a"),
            "nobody of the",
        ),
        (("connect", "c/2", "p-1", "--external-id"), "Nobody has the id c/2"),
        (("connect", "c/1", "p-1"), "Nobody here has the address c/1"),
    ):
        refused = run(*wrong)
        assert (refused.exit_code != 0, word in refused.output) == (True, True), refused.output
    assert db.session.query(Connection).count() == 1


def test_people_without_an_address_are_named_by_their_external_id(app: Flask, host: HostServer) -> None:
    host.puts("c-1", name="Nora Noaddress")

    def run(*words: str) -> Any:
        return app.test_cli_runner().invoke(args=[*words, "--external-id"])

    assert json.loads(run("user", "show", "c-1", "--json").output)["name"] == "Nora Noaddress"
    assert json.loads(run("user", "disable", "c-1", "--reason", "Case 7", "--json").output)["disabled_at"]
    assert run("user", "enable", "c-1").output == "Enabled.\n"
    assert len(run("token", "create", "c-1").output) > 40
    assert "Nora Noaddress" in run("user", "export", "c-1").output
    reset = run("user", "reset-factors", "c-1", "--reason", "Lost the phone, case 7")
    assert "Nora Noaddress has no second factor." in reset.output
    assert "They were confirmed already." in run("user", "confirm", "c-1").output
    held = run("privacy", "hold", "add", "--user", "c-1", "--reason", "Case 7").output.strip()
    host.patch("/users/c-1", {"external_id": "c-2"})
    assert "Use c-2." in run("user", "show", "c-1").output
    assert f"The legal hold {held} forbids it." in run("user", "erase", "c-2", "--yes").output
    assert app.test_cli_runner().invoke(args=["privacy", "hold", "release", held]).exit_code == 0
    assert run("user", "erase", "c-2", "--yes").exit_code == 0
    gone = run("user", "show", "c-2")
    assert (gone.exit_code, "Nobody here has the id c-2" in gone.output) == (1, True)
    assert "has the address c-2" in app.test_cli_runner().invoke(args=["user", "show", "c-2"]).output
