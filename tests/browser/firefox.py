"""Drive Firefox by WebDriver BiDi (W3C), over a websocket (RFC 6455) of a few lines."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.services import LeftOut

NAMES = ("firefox-esr", "firefox")
SAID = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
# No cookie and no storage for frames of other sites; no calls home.
PREFERENCES: dict[str, Any] = {
    "network.cookie.cookieBehavior": 1,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}


class Socket:
    """The client's side of a websocket: whole text messages, one thread."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.line = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=90)
        self.rest = self.line.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self.line.sendall(
            f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        assert b" 101 " in self.rest.readline()
        while self.rest.readline().strip():
            pass

    def send(self, text: str) -> None:
        data, mask = text.encode(), os.urandom(4)
        # The shortest way to say the length is the only one allowed (5.2).
        long = len(data) > 125
        size = struct.pack("!BH", 254, len(data)) if long else struct.pack("!B", 128 + len(data))
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
        self.line.sendall(b"\x81" + size + mask + masked)

    def receive(self) -> str:
        whole = b""
        while True:
            first, size = self.rest.read(2)
            if size in (126, 127):
                size = int.from_bytes(self.rest.read(2 if size == 126 else 8), "big")
            data = self.rest.read(size)
            if first & 15 in (0, 1):
                whole += data
            if first & 128 and first & 15 in (0, 1):
                return whole.decode()


class Firefox:
    """`with Firefox(folder) as firefox:` one window without a screen. Raises LeftOut where there is none."""

    def __init__(self, folder: Path, **preferences: Any) -> None:
        path = next(filter(None, map(shutil.which, NAMES)), None)
        if path is None:
            raise LeftOut("no Firefox here, and it could not be installed")
        lines = [
            f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in (PREFERENCES | preferences).items()
        ]
        (folder / "user.js").write_text("\n".join(lines))
        words = [path, "--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", str(folder)]
        self.process = subprocess.Popen(
            words,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "HOME": str(folder)},
        )
        assert self.process.stderr
        found = next(filter(None, map(SAID.search, self.process.stderr)), None)
        if found is None:
            raise LeftOut("Firefox ended before it listened")
        # What it says later would fill the pipe.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.socket, self.count = Socket(f"{found[1]}/session"), 0
        self.ask("session.new", capabilities={})
        self.window = self.ask("browsingContext.getTree")["contexts"][0]["context"]
        self.ask("browsingContext.activate", context=self.window)

    def __enter__(self) -> Firefox:
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)

    def ask(self, method: str, **params: Any) -> Any:
        """Return the result of a command."""
        self.count += 1
        self.socket.send(json.dumps({"id": self.count, "method": method, "params": params}))
        while (answer := json.loads(self.socket.receive())).get("id") != self.count:
            pass
        assert answer["type"] == "success", answer
        return answer["result"]

    def goto(self, url: str) -> None:
        try:
            self.ask("browsingContext.navigate", context=self.window, url=url, wait="complete")
        except AssertionError as error:
            # Firefox itself breaks a load off when another one in the window has not quite ended.
            if "NS_BINDING_ABORTED" not in str(error):
                raise
            self.ask("browsingContext.navigate", context=self.window, url=url, wait="complete")

    def frames(self, part: str) -> list[str]:
        """Return the frames, at any depth, with this in their address."""
        left, found = self.ask("browsingContext.getTree", root=self.window)["contexts"], []
        while left:
            one = left.pop(0)
            found += [one["context"]] if part in one["url"] else []
            left += one["children"]
        return found

    def until_frame(self, part: str, expression: str, *, seconds: float = 40) -> str:
        """Return the first such frame in which this is true."""
        deadline = time.monotonic() + seconds
        while True:
            for frame in self.frames(part):
                with contextlib.suppress(AssertionError):  # it went meanwhile
                    if self.evaluate(f"Boolean({expression})", frame):
                        return frame
            assert time.monotonic() < deadline, f"no frame {part} with {expression} within {seconds:g} s"
            time.sleep(0.05)

    def evaluate(self, expression: str, frame: str | None = None) -> Any:
        """Return what the expression is or resolves to in a frame or the page, by way of JSON."""
        body = f"(async () => JSON.stringify((await ({expression})) ?? null))()"
        target = {"context": frame or self.window}
        found = self.ask(
            "script.evaluate", expression=body, target=target, awaitPromise=True, userActivation=True
        )
        assert found["type"] == "success", found
        return json.loads(found["result"]["value"])

    def until(self, expression: str, frame: str | None = None, *, seconds: float = 40) -> Any:
        """Return the first true value of an expression; an error says what never came."""
        deadline = time.monotonic() + seconds
        while not (value := self.evaluate(expression, frame)):
            assert time.monotonic() < deadline, f"{expression} did not come true within {seconds:g} s"
            time.sleep(0.05)
        return value

    def press(self, key: str) -> None:
        """Press a key where the focus is."""
        steps = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.ask(
            "input.performActions",
            context=self.window,
            actions=[{"type": "key", "id": "k", "actions": steps}],
        )

    def click(self, x: float, y: float) -> None:
        """Press the pointer at a place of the page, in pixels."""
        move = {"type": "pointerMove", "x": round(x), "y": round(y)}
        steps = [move, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        actions = [{"type": "pointer", "id": "p", "actions": steps}]
        self.ask("input.performActions", context=self.window, actions=actions)
