"""The calls of the JSON interface, each sent until it is answered."""

from __future__ import annotations

import json
import mimetypes
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast
from urllib.parse import quote, urlencode

from wellchat_client import http
from wellchat_client.errors import NoAnswer, NotSignedIn, TooFast
from wellchat_client.shapes import Attachment, Me, Message, MessagePage, SubjectRef, Thread, Unread, Update

MAX_WAIT = 25.0  # seconds a poll may hang


class Client:
    """Speaks for one person, by their token.

    A call that gets no answer, 429 or 503 is sent again, after `Retry-After` or a growing pause; for
    `patience` seconds, or for ever. `new_token` is called after a 401: it returns another token, and the call
    is sent once more. Raises Refused for all other answers of 400 and above.
    """

    def __init__(
        self,
        base_url: str,
        token: str = "",
        *,
        new_token: Callable[[], str] | None = None,
        patience: float | None = None,
        timeout: float = 30.0,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.token = token
        self.poll_interval = 3.0  # seconds; as the server says
        self._new_token = new_token
        self._patience = patience
        self._timeout = timeout
        self._sleep = sleep

    def sign_in(self, email: str, password: str, code: str = "") -> str:
        """Get a token for an address and its password, and use it. Return it: keep it in place of them."""
        body = {"email": email, "password": password, **({"code": code} if code else {})}
        self.token = str(self.request("POST", "/api/tokens", json_body=body, signed=False).json["token"])
        return self.token

    def sign_out(self) -> None:
        """End the token."""
        self.request("DELETE", "/api/tokens/current")
        self.token = ""

    def me(self) -> Me:
        """Return who I am, and a cursor from which to follow."""
        return cast(Me, self.request("GET", "/api/me").json)

    def threads(self, **filters: str | int | bool) -> Iterator[Thread]:
        """Return all my threads, page by page: pinned ones first, then the latest."""
        query = {"limit": 100, **filters}
        while True:
            page = self.request("GET", "/api/threads", query=query).json
            yield from cast(list[Thread], page["threads"])
            if page["next"] is None:
                return
            query["before"] = page["next"]

    def open_thread(self, *, with_id: str | None = None, subject: SubjectRef | None = None) -> Thread:
        """Return the thread with a person, or about a subject. It is made if it does not exist."""
        named = {"with": with_id, "subject": subject}
        body = {key: value for key, value in named.items() if value is not None}
        return cast(Thread, self.request("POST", "/api/threads", json_body=body).json["thread"])

    def thread(self, thread_id: str) -> Thread:
        """Return one thread."""
        return cast(Thread, self.request("GET", f"/api/threads/{_part(thread_id)}").json["thread"])

    def messages(
        self, thread_id: str, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> MessagePage:
        """Return messages of a thread, ascending: the latest, or those before or after a seq."""
        query = {"before": before, "after": after, "limit": limit}
        path = f"/api/threads/{_part(thread_id)}/messages"
        return cast(MessagePage, self.request("GET", path, query=query).json)

    def send(
        self,
        thread_id: str,
        body: str,
        *,
        client_key: str | None = None,
        reply_to: int | None = None,
        subject: SubjectRef | None = None,
        attachments: Sequence[str] = (),
    ) -> Message:
        """Send a message, once, however often the network fails: all tries carry one `client_key`.

        Give a key of your own, and keep it, where the message must survive your own crash.
        """
        said: dict[str, Any] = {"body": body, "client_key": client_key or uuid.uuid4().hex}
        more = {"reply_to": reply_to, "subject": subject, "attachments": list(attachments) or None}
        said |= {key: value for key, value in more.items() if value is not None}
        path = f"/api/threads/{_part(thread_id)}/messages"
        return cast(Message, self.request("POST", path, json_body=said).json["message"])

    def mark_read(self, thread_id: str, seq: int) -> Unread:
        """Say that everything up to `seq` was read. Return what is unread now."""
        path = f"/api/threads/{_part(thread_id)}/read"
        return cast(Unread, self.request("PUT", path, json_body={"seq": seq}).json["unread"])

    def upload(self, name: str, content: bytes) -> Attachment:
        """Upload a file; then send its `id` with a message, within a day."""
        edge = uuid.uuid4().hex
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        safe = name.replace("\\", "_").replace('"', "_").replace("\r", "_").replace("\n", "_")
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{safe}"\r\n'
        body = f"{head}Content-Type: {kind}\r\n\r\n".encode() + content + f"\r\n--{edge}--\r\n".encode()
        form = f"multipart/form-data; boundary={edge}"
        answer = self.request("POST", "/api/attachments", body=body, content_type=form)
        return cast(Attachment, answer.json["attachment"])

    def download(self, attachment: Attachment) -> bytes:
        """Return the bytes of a file."""
        return self.request("GET", attachment["url"]).body

    def poll(self, cursor: str, *, wait: float = MAX_WAIT, active: bool = False) -> Update | None:
        """Ask once what changed after a cursor; None: nothing. Not repeated: `Follower` is the loop.

        Raises Resync if the cursor leads nowhere.
        """
        query = {"since": cursor, "wait": wait, "active": active or None}
        answer = self._once("GET", "/api/updates", query=query, timeout=self._timeout + wait)
        self.poll_interval = _number(answer.headers.get("x-poll-interval"), self.poll_interval)
        return cast("Update | None", answer.json)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        json_body: Any = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        signed: bool = True,
    ) -> http.Answer:
        """Send any call until it is answered. Raises Refused; after `patience` also NoAnswer and TooFast."""
        data = json.dumps(json_body).encode() if json_body is not None else body
        kind = content_type if data is not None else ""
        failures, started = 0, time.monotonic()
        while True:
            try:
                return self._once(method, path, query=query, body=data, content_type=kind, signed=signed)
            except (NoAnswer, TooFast) as error:
                failures += 1
                seconds = pause_after(error, failures)
                spent = time.monotonic() - started + seconds
                if self._patience is not None and spent > self._patience:
                    raise
                self._sleep(seconds)

    def _once(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: bytes | None = None,
        content_type: str = "",
        signed: bool = True,
        timeout: float | None = None,
    ) -> http.Answer:
        if not path.startswith("/") or path.startswith("//"):
            raise ValueError(f"not a path of {self.base_url}: {path}")  # the token is for nobody else
        given = {key: _text(value) for key, value in (query or {}).items() if value is not None}
        url = self.base_url + path + (f"?{urlencode(given)}" if given else "")
        headers = {"Accept": "application/json", **({"Content-Type": content_type} if content_type else {})}

        def attempt() -> http.Answer:
            mine = {**headers, "Authorization": f"Bearer {self.token}"} if signed else headers
            return http.call(method, url, headers=mine, body=body, timeout=timeout or self._timeout)

        try:
            return attempt()
        except NotSignedIn:
            if self._new_token is None or not signed:
                raise
            self.token = self._new_token()
            return attempt()


def pause_after(error: NoAnswer | TooFast, failures: int) -> float:
    """Return the seconds to wait before the next try. `Retry-After` is never cut short."""
    said = error.retry_after if isinstance(error, TooFast) else None
    return http.pause(failures) if said is None else said + http.pause(1) * 0.1


def _part(text: str) -> str:
    return quote(text, safe="")


def _text(value: Any) -> str:
    return {True: "1", False: "0"}[value] if isinstance(value, bool) else str(value)


def _number(text: str | None, otherwise: float) -> float:
    try:
        return max(0.0, float(text or ""))
    except ValueError:
        return otherwise
