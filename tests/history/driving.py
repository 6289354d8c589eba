"""Drives devices against the real thing, one thread each, and records what they see."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from tests.history.clients import Device, Life, Person
from tests.history.recording import Call, Fresh, History, Request, State

QUIET_ROUNDS = 30  # rounds of polls in which everything must come to rest


class Door(Protocol):
    """A way to the server for one device."""

    def ask(self, request: Request, token: str) -> tuple[int, State, dict[str, str]]:
        """Status, JSON and headers; raises OSError or HTTPException where no answer came."""


class HttpDoor:
    """A connection that is kept open, and opened anew after trouble.

    Like a browser it asks once more where a connection that had been idle turns out to be closed.
    """

    def __init__(self, url: str, *, timeout: float = 10.0) -> None:
        self.host, self.timeout = urlsplit(url).netloc, timeout
        self.connection: http.client.HTTPConnection | None = None

    def ask(self, request: Request, token: str) -> tuple[int, State, dict[str, str]]:
        may_ask_again = self.connection is not None and request.op != "edit"
        try:
            return self._ask(request, token)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.close()
            if may_ask_again:
                return self.ask(request, token)
            raise
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def _ask(self, request: Request, token: str) -> tuple[int, State, dict[str, str]]:
        if self.connection is None:
            timeout = self.timeout + request.query.get("wait", 0)
            self.connection = http.client.HTTPConnection(self.host, timeout=timeout)
        path = request.path + ("?" + urlencode(request.query) if request.query else "")
        body = json.dumps(request.body) if request.body is not None else None
        headers = {"Authorization": f"Bearer {token}"} | (
            {"Content-Type": "application/json"} if body else {}
        )
        self.connection.request(request.method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.will_close:
            self.close()
        return (
            answer.status,
            json.loads(text) if text[:1] == b"{" else {},
            {k.lower(): v for k, v in answer.getheaders()},
        )

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class AppDoor:
    """Straight into the application, without a server: the fast variant."""

    def __init__(self, app: Any) -> None:
        from tests.fixtures import Program

        self.program = Program(app, "")

    def ask(self, request: Request, token: str) -> tuple[int, State, dict[str, str]]:
        self.program.headers = {"Authorization": f"Bearer {token}"}
        answer = self.program.open(
            request.path, method=request.method, query_string=request.query or None, json=request.body
        )
        found = answer.get_json(silent=True) if answer.data else None
        return answer.status_code, found or {}, {k.lower(): v for k, v in answer.headers}


class Recorder:
    """Makes calls through doors and writes down what came of them."""

    def __init__(self) -> None:
        self.history = History()
        self.lock = threading.Lock()

    def make(self, door: Door, device: str, person: Person, request: Request) -> Call:
        begun = time.monotonic()
        status: int | None
        try:
            status, answer, headers = door.ask(request, person.token)
        except (OSError, http.client.HTTPException, ValueError) as error:
            status, answer, headers = None, {"error": repr(error)}, {}
        ended = time.monotonic()
        pause = min(float(headers.get("retry-after") or 0), 1.0) if status in (429, 503) else 0.0
        call = Call(device, person.id, request.op, request.about, begun, ended, status, answer, pause)
        with self.lock:
            self.history.calls.append(call)
        return call


def drive(life: Life, make: Callable[[Request], Call]) -> Any:
    """Run a generator of requests to its end; answers what it returns."""
    given: Call | None = None
    while True:
        try:
            wanted = life.send(given)
        except StopIteration as end:
            return end.value
        if isinstance(wanted, Request):
            given = make(wanted)
        else:
            threading.Event().wait(wanted)
            given = None


class Crowd:
    """Some devices at once.

    `with` it runs them; afterwards `finish` lets everything come to rest and reads it.
    """

    def __init__(self, devices: Iterable[Device], door: Callable[[], Door]) -> None:
        self.devices = list(devices)
        self.recorder = Recorder()
        self.doors = {device.name: door() for device in self.devices}
        self.trouble: list[BaseException] = []

    def add(self, device: Device, door: Door) -> None:
        self.devices.append(device)
        self.doors[device.name] = door

    def make(self, device: Device) -> Callable[[Request], Call]:
        return lambda request: self.recorder.make(
            self.doors[device.name], device.name, device.person, request
        )

    def run(self, steps: int) -> None:
        """Let every device live through so many steps."""
        threads = self.start(steps)
        for thread in threads:
            thread.join()
        if self.trouble:
            raise self.trouble[0]

    def start(self, steps: int) -> list[threading.Thread]:
        def live(device: Device) -> None:
            try:
                drive(device.live(steps), self.make(device))
            except BaseException as error:
                self.trouble.append(error)

        threads = [threading.Thread(target=live, args=(device,), daemon=True) for device in self.devices]
        for thread in threads:
            thread.start()
        return threads

    def finish(self) -> History:
        """Poll until nobody hears anything new, then read everything as a new client would."""
        quiet = 0
        for _ in range(QUIET_ROUNDS):
            heard = [device for device in self.devices if self.catch_up(device)]
            quiet = 0 if heard else quiet + 1
            # the first quiet poll of one device may still confirm to another that things arrived
            if quiet == 2:
                break
        else:
            raise AssertionError("the devices never came to rest")
        for device in self.devices:
            drive(device.poll(wait=0, last=True), self.make(device))
        for device in {device.person.id: device for device in self.devices}.values():
            self.recorder.history.fresh[device.person.id] = self.read_all(device)
        return self.recorder.history

    def catch_up(self, device: Device) -> bool:
        heard = False
        while drive(device.poll(wait=0), self.make(device)):
            heard = True
        return heard

    def read_all(self, device: Device) -> Fresh:
        """Everything a user can see, through calls that are in no history."""
        fresh, door, token = Fresh(), self.doors[device.name], device.person.token

        def get(path: str, **query: Any) -> State:
            for _ in range(20):
                status, answer, _ = door.ask(Request("", "GET", path, query), token)
                if status == 200:
                    return answer
                threading.Event().wait(0.5)
            raise AssertionError(f"{path} answers {status} {answer} when everything is quiet")

        for thread in get("/api/threads", limit=100)["threads"]:
            fresh.threads[thread["id"]] = thread
            messages: list[State] = []
            more = True
            while more:
                page = get(
                    f"/api/threads/{thread['id']}/messages",
                    after=messages[-1]["seq"] if messages else 0,
                    limit=100,
                )
                messages += page["messages"]
                more = page["has_more"]
            fresh.messages[thread["id"]] = messages
        page = get("/api/notifications", limit=100)
        while True:
            fresh.notifications |= {record["id"]: record for record in page["notifications"]}
            if page["next"] is None:
                break
            page = get("/api/notifications", limit=100, before=page["next"])
        fresh.unread = get("/api/me")["unread"]
        return fresh
