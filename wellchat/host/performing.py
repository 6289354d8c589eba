"""Perform a call of the host API: scope, body, dry run, repeating, transaction, in this order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, NamedTuple

import orjson
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import IntegrityError, OperationalError

from wellchat.db import transaction
from wellchat.errors import Busy, Invalid, errors_by_field
from wellchat.host.answers import once
from wellchat.host.calls import Answer, Caller, HostCall, TryAgain, caller_now
from wellchat.host.problems import HostRefusal
from wellchat.i18n import gettext
from wellchat.query_names import names_of, refuse_unknown

TRIES = 3
DEADLOCK = "40P01"


class Given(NamedTuple):
    """What came with a call. `body` is JSON, or bytes for a call that takes them."""

    path: str
    args: Mapping[str, str]
    body: Any = None
    query: Mapping[str, str] = {}
    key: str | None = None  # Idempotency-Key
    dry_run: bool = False


class _DryRun(Exception):
    """Ends the transaction of a dry run; it carries the answer out."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


def perform(call: HostCall, caller: Caller, given: Given) -> Answer:
    """Do a call. Raises what it refuses with."""
    before = caller_now.set(caller)
    try:
        return _perform(call, caller, given)
    finally:
        caller_now.reset(before)


def _perform(call: HostCall, caller: Caller, given: Given) -> Answer:
    if call.scope is not None and call.scope not in caller.scopes:
        text = gettext("This key may not do that; it needs the scope %(scope)s.", scope=call.scope)
        raise HostRefusal(403, "scope_missing", text)
    arguments: dict[str, Any] = dict(given.args)
    if call.raw:
        arguments["body"] = given.body
    elif call.body is not None:
        arguments["body"] = _read(call.body, given.body)
    refuse_unknown(given.query, names_of(call.query))
    if call.query is not None:
        arguments["query"] = _read_query(call.query, given.query)
    act = partial(call.act, caller, **arguments)
    if call.each_alone:
        return partial(act, given.dry_run)()
    if not call.writes:
        return act()
    for _ in range(TRIES):
        # Somebody may take the same address or id at the same moment. The second look finds who.
        with suppress(IntegrityError, TryAgain), _after_deadlock():
            return _dry(act) if given.dry_run else _write(call, caller, given, act)
    raise Busy


@contextmanager
def _after_deadlock() -> Iterator[None]:
    """Have the whole call looked at again where PostgreSQL ended it for a deadlock (SQLSTATE 40P01).

    Making one person of two, and erasing, lock nearly all that people have: no order fits all other calls.
    """
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != DEADLOCK:
            raise
        raise TryAgain from None


def _write(call: HostCall, caller: Caller, given: Given, act: Callable[[], Answer]) -> Answer:
    if call.method != "POST" or (call.client_key == "kept" and not given.key):
        with transaction():
            return act()
    body = orjson.dumps(given.body, option=orjson.OPT_SORT_KEYS)
    if call.client_key == "for now" and isinstance(given.body, dict) and given.body.get("client_key"):
        act = partial(_once_named, given, body, act, caller)
        if not given.key:
            return act()
    what = (caller.key_id, call.method, given.path)
    return once(call=what, key=given.key, body=body, act=act, now=caller.now)


def _once_named(given: Given, body: bytes, act: Callable[[], Answer], caller: Caller) -> Answer:
    """Do what has a `client_key` once, with and without an Idempotency-Key, also by another host key."""
    what, named = ("client_key", given.path), given.body["client_key"]
    try:
        return once(call=what, key=named, body=body, act=act, now=caller.now)
    except HostRefusal as refusal:
        if refusal.code != "idempotency_key_reused":
            raise
        text = gettext("This client_key was already used for something else.")
        raise HostRefusal(409, "conflict", text) from None


def _dry(act: Callable[[], Answer]) -> Answer:
    """Do all of it, and roll it back: no row, mail, doorbell or number is left."""
    try:
        with transaction() as session:
            answer = act()
            # What the database refuses is refused now, as it would be at the end of the real call.
            session.flush()
            raise _DryRun(answer)
    except _DryRun as ended:
        body = dict(ended.answer.body or {})
        if ended.answer.new:
            made = body[ended.answer.new]
            body[ended.answer.new] = made | dict.fromkeys(set(made) & {"id", "seq"})
        return Answer(200, {**body, "dry_run": True})


def _read(form: type[BaseModel], body: Any) -> BaseModel:
    """Return a JSON body as its form, whose `model_fields_set` says what was there. Raises Invalid."""
    try:
        # As JSON, because only there a strict form reads times from text.
        return form.model_validate_json(orjson.dumps({} if body is None else body))
    except orjson.JSONEncodeError:
        # Values inside of values: 1,024 of them can be read, and 254 written.
        text = gettext("The request contains something that cannot be stored.")
        raise HostRefusal(422, "invalid", text) from None
    except ValidationError as error:
        raise Invalid(errors_by_field(error)) from None


def _read_query(form: type[BaseModel], query: Mapping[str, str]) -> BaseModel:
    try:
        return form.model_validate(dict(query))
    except ValidationError as error:
        raise Invalid(errors_by_field(error)) from None
