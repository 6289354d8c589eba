"""The call of the host API that does many calls: in order, each in a transaction of its own."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, StringConstraints

from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.forms import Form, Text
from wellchat.guard import spend
from wellchat.host import answer_shapes as shapes
from wellchat.host.calls import BUDGET, MAX_OPERATIONS, Answer, Caller, host_call
from wellchat.host.paths import find_call
from wellchat.host.performing import Given, perform
from wellchat.host.problems import HostRefusal, problem_of
from wellchat.i18n import gettext
from wellchat.shapes import sample


class Operation(Form):
    """One call. `key` is its Idempotency-Key, which a POST needs."""

    method: Literal["GET", "PUT", "PATCH", "POST", "DELETE"]
    path: Annotated[Text, StringConstraints(min_length=1, max_length=2000)]
    body: Any = None
    key: Annotated[Text, StringConstraints(max_length=64)] | None = None


class Batch(
    Form,
    json_schema_extra=sample(
        {
            "operations": [
                {"method": "PUT", "path": "/users/c-1", "body": {"name": "Hannah", "role": "client"}},
                {"method": "POST", "path": "/users/c-1/sign-in-links", "body": {}, "key": "link-1"},
            ]
        }
    ),
):
    """Up to 100 operations."""

    operations: Annotated[list[Operation], Field(min_length=1, max_length=MAX_OPERATIONS)]


@host_call(
    "POST",
    "/batch",
    scope=None,
    body=Batch,
    each_alone=True,
    answers={200: ("One result for each operation, in order", shapes.BatchAnswer)},
)
def post_batch(caller: Caller, dry_run: bool, body: Batch) -> Answer:
    """Do up to 100 calls in order. Each succeeds or fails by itself, and counts by itself."""
    return Answer(200, {"results": [_result(each, caller, dry_run) for each in body.operations]})


def _result(operation: Operation, caller: Caller, dry_run: bool) -> dict[str, Any]:
    try:
        # The request has spent one already, for itself.
        spend((BUDGET, caller.key_id))
        answer = _do(operation, caller, dry_run)
        return {"status": answer.status, "body": answer.body}
    except Exception as error:
        db.session.rollback()
        problem = problem_of(error)
        return {"status": problem["status"], "body": problem}


def _do(operation: Operation, caller: Caller, dry_run: bool) -> Answer:
    parts = urlsplit(operation.path)
    call, args = find_call(operation.method, parts.path)
    if call.each_alone or call.raw:
        raise HostRefusal(422, "invalid", gettext("This call cannot be part of a batch. Send it by itself."))
    query = dict(parse_qsl(parts.query))
    dry = dry_run or query.pop("dry_run", "") == "1"
    if parts.scheme or parts.netloc:
        raise NotFound
    return perform(call, caller, Given(parts.path, args, operation.body, query, operation.key, dry))
