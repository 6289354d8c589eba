"""The calls of the host API about imports: lines in chunks, files, check, run, report, undo, open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.cast import Cast
from tests.databases import migrate
from tests.host.conftest import HostServer
from tests.imports.conftest import OldChat, messages_in, thread_of
from wellchat.audit.models import AuditEvent
from wellchat.clock import now as clock_now
from wellchat.db import db
from wellchat.host.answer_shapes import HostProblem
from wellchat.imports import answer_shapes, running
from wellchat.imports.models import WORKING, ImportFile, ImportLine


def text_of(old: OldChat) -> bytes:
    return old.write().read_bytes()


@pytest.mark.each_database
def test_a_platform_brings_over_a_file_by_calls(old: OldChat, host: HostServer, known: Cast) -> None:
    old.chat("one")
    for number in range(4):
        old.says("one", number)
    old.says("one", 9, files=[{"path": "in/plan 1.txt"}])
    old.says("one", 10, by="nobody")
    lines = text_of(old).splitlines(keepends=True)
    made = host.post("/imports", {"name": "March"})
    assert made.status_code == 201
    answer_shapes.OneImport.model_validate(made.json)
    base = f"/imports/{made.json['import']['id']}"

    def puts(first: int, chunk: list[bytes]) -> Any:
        return host.open("PUT", f"{base}/lines?from={first}", data=b"".join(chunk))

    assert puts(1, lines[:3]).json["import"]["read"] == 3
    assert puts(1, lines[:3]).json["import"]["read"] == 3, "the same chunk again is nothing new"
    gap = puts(6, lines[5:])
    HostProblem.model_validate(gap.json)
    assert (gap.status_code, gap.json["from"]) == (409, 4)
    assert puts(3, lines[2:]).json["import"]["read"] == 7, "what overlaps is taken once"
    assert host.open("PUT", f"{base}/files/in%2Fplan%201.txt", data=b"a plan").status_code == 204
    assert host.open("PUT", f"{base}/files/in%2Fplan%201.txt", data=b"a better plan").status_code == 204
    assert host.open("PUT", f"{base}/files/..%2Fplan", data=b"x").status_code == 422

    def does_its_work() -> None:
        # A sweep has a limit of time, which a busy machine reaches.
        db.session.commit()
        while host.get(base).json["import"]["state"] in WORKING:
            running.sweep(clock_now())

    assert host.post(f"{base}/check").status_code == 202
    does_its_work()
    shown = host.get(base).json["import"]
    assert (shown["state"], shown["made"], shown["refused"]) == ("checked", 5, 1)
    assert host.post(f"{base}/open").status_code == 409
    assert host.post(f"{base}/run").status_code == 202
    assert host.get(base).json["import"]["state"] == "running"
    does_its_work()
    shown = host.get(base).json["import"]
    assert (shown["state"], shown["made"], shown["refused"], shown["threads"]) == ("done", 5, 1, 1)
    report = host.get(f"{base}/report?limit=1").json
    answer_shapes.ReportPage.model_validate(report)
    assert report["report"][0]["line"] == 7
    assert report["report"][0]["text"] == "nobody is not one of the two people of this chat"
    assert host.get(f"{base}/report?after={report['next']}").json == {"report": [], "next": None}
    assert host.get(f"{base}/report?after={2**63}").status_code == 422
    assert host.open("PUT", f"{base}/lines?from=8", data=b"{}").status_code == 409
    assert [file["name"] for file in messages_in(thread_of("Cara Client"))[4].files or ()] == ["plan 1.txt"]
    for table in (ImportLine, ImportFile):
        assert db.session.execute(select(func.count()).select_from(table)).scalar() == 0

    assert host.post(f"{base}/open").status_code == 202
    does_its_work()
    assert host.get(base).json["import"]["state"] == "open"
    assert host.post(f"{base}/undo").status_code == 202
    does_its_work()
    assert host.get(base).json["import"]["state"] == "undone"
    kinds = select(AuditEvent.kind).where(AuditEvent.kind.like("import.%")).order_by(AuditEvent.kind)
    assert db.session.execute(kinds).scalars().all() == ["import.opened", "import.run", "import.undone"]


def test_bad_input_is_refused_and_changes_nothing(
    host: HostServer, server_with: Callable[..., HostServer]
) -> None:
    assert server_with("people:read").post("/imports", {"name": "x"}).json["code"] == "scope_missing"
    for body in ({}, {"name": ""}, {"name": "x", "zone": "Mars/Olympus"}, {"name": "a\nb"}, {"name": 7}):
        assert host.post("/imports", body).status_code == 422
    base = "/imports/" + host.post("/imports", {"name": "x"}).json["import"]["id"]
    for query in ("", "?from=0", "?from=x"):
        assert host.open("PUT", f"{base}/lines{query}", data=b"{}").status_code == 422
    too_large = b'{"type": "user"}\n' * (300 * 1024)
    assert host.open("PUT", f"{base}/lines?from=1", data=too_large).status_code == 413
    assert host.get("/imports/0000000000000").status_code == 404
    for act in ("check", "run", "undo", "open"):
        assert host.post(f"/imports/0000000000000/{act}").status_code == 404
    dry = host.open("PUT", f"{base}/lines?from=1&dry_run=1", data=b"{}\n{}")
    assert (dry.json["import"]["read"], dry.json["dry_run"]) == (2, True)
    assert host.get(base).json["import"]["read"] == 0
    assert host.post("/imports?dry_run=1", {"name": "x"}).json["import"]["id"] is None


def test_the_host_is_told_of_the_end_alone(make_app: Any) -> None:
    """With events on: no event of a person, thread or message, and one of the import."""
    from tests.imports.conftest import Importer, three_chats
    from wellchat.events.models import HostEvent

    app: Flask = make_app(FEATURES=("events",))
    with app.app_context():
        migrate(app)
        old = three_chats(OldChat(app.config["INSTANCE"]))
        row = Importer(clock_now()).runs(old.write())
        told = db.session.execute(select(HostEvent.type, HostEvent.data)).all()
        assert [tuple(each) for each in told] == [
            (
                "import.finished",
                {"import": row.id, "made": 33, "same": 0, "refused": 0, "threads": 2},
            )
        ]
        db.session.remove()
        db.engine.dispose()
