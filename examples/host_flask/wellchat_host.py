"""What a platform's server says to wellchat. Copy it: it needs nothing but Python."""

import base64
import hmac
import json
import os
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

URL = os.environ["WELLCHAT_URL"]


def call(method: str, path: str, body: object = None) -> Any:
    """Return the JSON of a call of the host API. Raises OSError, also for a refusal (HTTPError)."""
    headers = {"Authorization": f"Bearer {os.environ['WELLCHAT_KEY']}", "Content-Type": "application/json"}
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{URL}/api/host{path}", content, headers, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=40) as answer:  # noqa: S310 - our own address
        return json.loads(answer.read() or b"null")


def token(person_id: str, name: str, role: str) -> str:
    """Return a token with which this person signs in, good for two minutes."""
    now = int(time.time())
    header = {"alg": "HS256", "kid": os.environ["WELLCHAT_KID"]}
    person = {"aud": URL, "sub": person_id, "name": name, "role": role}
    claims = {**person, "iat": now, "exp": now + 120, "jti": secrets.token_urlsafe(16)}
    text = f"{_part(json.dumps(header).encode())}.{_part(json.dumps(claims).encode())}"
    return f"{text}.{_part(hmac.digest(os.environ['WELLCHAT_SECRET'].encode(), text.encode(), 'sha256'))}"


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def follow(cursor: str | None, apply: Callable[[list[dict[str, Any]], str], None]) -> None:
    """Hear of events for ever. `apply(events, cursor)` also keeps the cursor, in one transaction."""
    while True:
        try:
            if cursor is None:
                cursor = call("GET", "/events/cursor")["cursor"]
            found = call("GET", f"/events?after={cursor}&wait=25")
        except urllib.error.HTTPError as refusal:
            if refusal.code != 410:
                time.sleep(5)
                continue
            # Events are missing: a real platform reads its lists anew here.
            found = {"events": [], **json.loads(refusal.read())}
        except OSError:
            time.sleep(5)
            continue
        if found["cursor"] != cursor:
            apply(found["events"], found["cursor"])
            cursor = found["cursor"]
