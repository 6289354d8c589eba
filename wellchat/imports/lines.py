"""Read one line of a file by itself. What needs other lines, or the database, comes later."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson
from pydantic import BaseModel, ValidationError

from wellchat.attachments.actions import MAX_FILES
from wellchat.errors import errors_by_field
from wellchat.forms import Form
from wellchat.host.forms import PutConnection, PutPerson, PutSubjectOfHost
from wellchat.host.refs import MAX_ID as MAX_PERSON
from wellchat.host.refs import checked_id
from wellchat.imports.models import (
    CHAT,
    CONNECTION,
    MAX_ID,
    MAX_PATH,
    MAX_SOURCE,
    MESSAGE,
    READ,
    SUBJECT,
    USER,
)
from wellchat.imports.refusing import Refused
from wellchat.imports.times import Clock, read_time
from wellchat.scripts import is_blank

MAX_LINE = 1024 * 1024  # bytes
MAX_BODY = 100_000  # characters
MAX_KIND = 20
MESSAGE_FIELDS = frozenset(
    ("type", "source", "chat", "id", "from", "sent_at", "body", "edited_at", "deleted", "reply_to", "files")
)


class Line(NamedTuple):
    """A line that is well formed. The fields are those of ImportLine; `note` is for the report."""

    kind: str
    source: str
    chat: str
    item: str
    sender: str
    at: int | None
    content: str
    note: str = ""


class SubjectKey(Form):
    """By what the platform knows a subject."""

    kind: str
    external_id: str


def read_line(raw: bytes, clock: Clock) -> Line:
    """Return a line. Raises Refused."""
    if len(raw) > MAX_LINE:
        raise Refused(f"a line of more than {MAX_LINE // 1024} kB")
    try:
        given = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Refused("no JSON object in UTF-8") from None
    if not isinstance(given, dict):
        raise Refused("no JSON object in UTF-8")
    read = _READERS.get(str(given.get("type")))
    if read is None:
        raise Refused(f"`type` is one of {', '.join(_READERS)}")
    try:
        return read(given, clock)
    except orjson.JSONEncodeError:
        # orjson reads deeper ones than it writes.
        raise Refused("more than 254 values inside of each other") from None


def content_of(line: Any) -> dict[str, Any]:
    """Return the content of a line or of an ImportLine."""
    found: dict[str, Any] = orjson.loads(line.content)
    return found


def digest_of(line: Any) -> str:
    """Return the digest of what a message says: another one under the same id is a later state of it."""
    return blake2b(f"{line.sender}\0{line.at}\0{line.content}".encode(), digest_size=16).hexdigest()


def _message(given: dict[str, Any], clock: Clock) -> Line:
    if unknown := given.keys() - MESSAGE_FIELDS:
        raise Refused(f"there is no field {min(unknown)}")
    at, doubled = read_time(given.get("sent_at"), clock)
    edited, more = (
        read_time(given["edited_at"], clock) if given.get("edited_at") is not None else (None, False)
    )
    deleted = given.get("deleted", False)
    if deleted not in (True, False):
        raise Refused("`deleted` is true or false")
    reply_to = given.get("reply_to")
    files = _files(given.get("files") or [])
    # The words of a message that was deleted are not brought over.
    body = None if deleted else _body(given.get("body"), bool(files))
    content = {
        "body": body,
        "edited": edited,
        "deleted": deleted,
        "reply_to": None if reply_to is None else _id(reply_to, "reply_to"),
        "files": [] if deleted else files,
    }
    return Line(
        MESSAGE,
        _id(given.get("source"), "source", MAX_SOURCE),
        _id(given.get("chat"), "chat"),
        _id(given.get("id"), "id"),
        _id(given.get("from"), "from", MAX_PERSON),
        at,
        orjson.dumps(content).decode(),
        "its hour came twice on that day; the first one was taken" if doubled or more else "",
    )


def _body(text: object, has_files: bool) -> str:
    if text is None and has_files:
        return ""
    if not isinstance(text, str):
        raise Refused("`body` is a text")
    if "\0" in text:
        raise Refused("a NUL character, which cannot be stored")
    if len(text) > MAX_BODY:
        raise Refused(f"a message of more than {MAX_BODY} characters")
    if is_blank(text) and not has_files:
        raise Refused("a message without words and files")
    return text


def _files(given: object) -> list[list[str]]:
    if not isinstance(given, list) or len(given) > MAX_FILES:
        raise Refused(f"`files` is a list of at most {MAX_FILES}")
    found = []
    for each in given:
        if not isinstance(each, dict) or each.keys() - {"path", "name"}:
            raise Refused("each of `files` has a `path` and a `name`")
        path = checked_path(each.get("path"))
        found.append([path, _id(each.get("name") or path.rpartition("/")[2], "name")])
    return found


def checked_path(path: object) -> str:
    """Return the path of a file, relative to the folder of files. Raises Refused."""
    if not isinstance(path, str) or not 0 < len(path) <= MAX_PATH or not path.isprintable():
        raise Refused(f"the `path` of a file has 1 to {MAX_PATH} printable characters")
    if path.startswith("/") or "\\" in path or any(part in ("", ".", "..") for part in path.split("/")):
        raise Refused("the `path` of a file leads from the folder of files downward")
    return path


def _id(text: object, name: str, longest: int = MAX_ID) -> str:
    if not isinstance(text, str) or not 0 < len(text) <= longest or not text.isprintable():
        raise Refused(f"`{name}` has 1 to {longest} printable characters")
    return text


def _chat(given: dict[str, Any], _clock: Clock) -> Line:
    _only(given, "source", "chat", "client", "professional", "subject")
    subject = given.get("subject")
    key = _form(SubjectKey, subject) if subject is not None else None
    content = {
        "client": _id(given.get("client"), "client", MAX_PERSON),
        "professional": _id(given.get("professional"), "professional", MAX_PERSON),
        "subject": [key.kind, key.external_id] if key else None,
    }
    if content["client"] == content["professional"]:
        raise Refused("client and professional are the same person")
    source = _id(given.get("source"), "source", MAX_SOURCE)
    return Line(CHAT, source, _id(given.get("chat"), "chat"), "", "", None, orjson.dumps(content).decode())


def _read(given: dict[str, Any], _clock: Clock) -> Line:
    _only(given, "source", "chat", "user", "up_to")
    source, chat = _id(given.get("source"), "source", MAX_SOURCE), _id(given.get("chat"), "chat")
    content = orjson.dumps({"up_to": _id(given.get("up_to"), "up_to")}).decode()
    return Line(READ, source, chat, _id(given.get("user"), "user", MAX_PERSON), "", None, content)


def _user(given: dict[str, Any], _clock: Clock) -> Line:
    ext = _ext(given)
    _form(PutPerson, _body_of(given, "external_id"))
    return Line(USER, "", "", ext, ext, None, _rest(given, "external_id"))


def _connection(given: dict[str, Any], _clock: Clock) -> Line:
    form = _form(PutConnection, _body_of(given))
    if form.client == form.professional:
        raise Refused("client and professional are the same person")
    return Line(CONNECTION, "", "", "", form.client, None, _rest(given))


def _subject(given: dict[str, Any], _clock: Clock) -> Line:
    form = _form(PutSubjectOfHost, _body_of(given, "kind", "external_id"))
    kind, rest = _id(given.get("kind"), "kind", MAX_KIND), _rest(given, "kind", "external_id")
    # Its kind is where others have their source.
    return Line(SUBJECT, kind, "", _ext(given), form.client or form.professional or "", None, rest)


def _ext(given: dict[str, Any]) -> str:
    try:
        return checked_id(_id(given.get("external_id"), "external_id", MAX_PERSON))
    except ValueError as error:
        raise Refused(str(error)) from None


def _only(given: dict[str, Any], *names: str) -> None:
    if unknown := given.keys() - {"type", *names}:
        raise Refused(f"there is no field {min(unknown)}")


def _body_of(given: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in ("type", *keys)}


def _rest(given: dict[str, Any], *keys: str) -> str:
    return orjson.dumps(_body_of(given, *keys)).decode()


def _form(form: type[Any], body: Any) -> Any:
    try:
        # As JSON, because only there a strict form reads times from text.
        return form.model_validate_json(orjson.dumps(body))
    except ValidationError as error:
        raise Refused(" ".join(f"{name}: {text}" for name, text in errors_by_field(error).items())) from None


_READERS: dict[str, Callable[[dict[str, Any], Clock], Line]] = {
    USER: _user,
    CONNECTION: _connection,
    SUBJECT: _subject,
    CHAT: _chat,
    MESSAGE: _message,
    READ: _read,
}
FORMS: dict[str, type[BaseModel]] = {USER: PutPerson, CONNECTION: PutConnection, SUBJECT: PutSubjectOfHost}
