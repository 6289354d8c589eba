"""The calls of the host API about imports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wellchat.attachments.actions import max_bytes
from wellchat.errors import Invalid
from wellchat.host.calls import Answer, Caller, HostCall, host_call
from wellchat.host.problems import HostRefusal
from wellchat.imports import answer_shapes as shapes
from wellchat.imports import files, running, staging, undoing
from wellchat.imports.forms import LinesQuery, MakeImport, Nothing, ReportQuery
from wellchat.imports.lines import checked_path
from wellchat.imports.models import Import
from wellchat.imports.refusing import Refused
from wellchat.imports.slices import seconds_left

SCOPE = "imports"
MAX_CHUNK = 4 * 1024 * 1024
CALLS: list[HostCall] = []


def import_json(row: Import, now: datetime) -> dict[str, Any]:
    """Return an import as the calls answer it."""
    return {
        "id": row.id,
        "name": row.name,
        "state": row.state,
        "read": row.lines,
        "made": row.made,
        "same": row.same,
        "changed": row.changed,
        "refused": row.refused,
        "threads": row.threads,
        "ends_in": seconds_left(row, now),
    }


def _answer(status: int, row: Import, caller: Caller) -> Answer:
    return Answer(status, {"import": import_json(row, caller.now)})


@host_call(
    "POST",
    "/imports",
    scope=SCOPE,
    into=CALLS,
    body=MakeImport,
    answers={201: ("Made", shapes.OneImport)},
)
def make_import(caller: Caller, body: MakeImport) -> Answer:
    """Begin an import of earlier conversations. Send its lines next."""
    made = staging.begin(
        name=body.name, zone=body.zone, waiting=body.waiting, append=body.append, now=caller.now
    )
    return Answer(201, {"import": import_json(made, caller.now)}, new="import")


@host_call(
    "PUT",
    "/imports/<import_id>/lines",
    scope=SCOPE,
    into=CALLS,
    query=LinesQuery,
    raw=True,
    room=lambda: MAX_CHUNK + 1,
    answers={200: ("Taken", shapes.OneImport)},
)
def put_import_lines(caller: Caller, import_id: str, body: bytes, query: LinesQuery) -> Answer:
    """Send whole lines of the file, at most 4 MiB. The same lines again are nothing new."""
    lines = body.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    try:
        row = staging.take_lines(import_id=import_id, first=query.start, lines=lines, now=caller.now)
    except staging.Gap as gap:
        raise HostRefusal(409, "conflict", gap.detail, more={"from": gap.wanted}) from None
    return _answer(200, row, caller)


@host_call(
    "PUT",
    "/imports/<import_id>/files/<ext:path>",
    scope=SCOPE,
    into=CALLS,
    raw=True,
    each_alone=True,
    room=lambda: max_bytes() + 1,
    answers={204: ("Kept", None)},
)
def put_import_file(caller: Caller, dry_run: bool, import_id: str, path: str, body: bytes) -> Answer:
    """Send a file that messages name by this path, percent-encoded as one segment."""
    try:
        files.receive(import_id=import_id, path=checked_path(path), content=body, dry_run=dry_run)
    except Refused as refusal:
        raise Invalid({"path": str(refusal)}) from None
    return Answer(204)


@host_call(
    "POST",
    "/imports/<import_id>/check",
    scope=SCOPE,
    into=CALLS,
    body=Nothing,
    answers={202: ("It is checked", shapes.OneImport)},
)
def check_import(caller: Caller, import_id: str, body: Nothing) -> Answer:
    """Check the lines: the report says what would be refused. Nothing is made."""
    return _answer(202, running.check(import_id=import_id, now=caller.now), caller)


@host_call(
    "POST",
    "/imports/<import_id>/run",
    scope=SCOPE,
    into=CALLS,
    body=Nothing,
    answers={202: ("It runs", shapes.OneImport)},
)
def run_import(caller: Caller, import_id: str, body: Nothing) -> Answer:
    """Run it. Its conversations are closed for writing until it is opened."""
    return _answer(202, running.run(import_id=import_id, now=caller.now), caller)


@host_call(
    "GET", "/imports/<import_id>", scope=SCOPE, into=CALLS, answers={200: ("The import", shapes.OneImport)}
)
def get_import(caller: Caller, import_id: str) -> Answer:
    """Read how far it is; `ends_in` is in seconds."""
    return _answer(200, staging.find(import_id), caller)


@host_call(
    "GET",
    "/imports/<import_id>/report",
    scope=SCOPE,
    into=CALLS,
    query=ReportQuery,
    answers={200: ("A page of the report", shapes.ReportPage)},
)
def get_import_report(caller: Caller, import_id: str, query: ReportQuery) -> Answer:
    """Read why lines were refused, what else is to be known, and which chats became one conversation."""
    staging.find(import_id)
    found = list(staging.report(import_id, after=query.after, limit=query.limit))
    notes = [{"id": each.id, "kind": each.kind, "line": each.line, "text": each.text} for each in found]
    following = notes[-1]["id"] if len(notes) == query.limit else None
    return Answer(200, {"report": notes, "next": following})


@host_call(
    "POST",
    "/imports/<import_id>/undo",
    scope=SCOPE,
    into=CALLS,
    body=Nothing,
    answers={202: ("It is taken back", shapes.OneImport)},
)
def undo_import(caller: Caller, import_id: str, body: Nothing) -> Answer:
    """Take it back. It is refused once somebody has written in one of its conversations."""
    return _answer(202, undoing.undo(import_id=import_id, now=caller.now), caller)


@host_call(
    "POST",
    "/imports/<import_id>/open",
    scope=SCOPE,
    into=CALLS,
    body=Nothing,
    answers={202: ("They are opened", shapes.OneImport)},
)
def open_import(caller: Caller, import_id: str, body: Nothing) -> Answer:
    """Let people write in its conversations."""
    return _answer(202, running.open_threads(import_id=import_id, now=caller.now), caller)
