"""What stands for the arguments of its routes, for tests of access."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from wellchat.attachments.actions import accept_upload
from wellchat.messaging.messages import send_message
from wellchat.portfolio import actions
from wellchat.portfolio.models import CLIENTS


def samples(talk: Any) -> dict[str, Any]:
    """Return a question to the client of a talk, about a picture of theirs."""
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(out, "PNG")
    file = accept_upload(owner=talk.cara, name="colour.png", content=out.getvalue(), now=talk.now)
    sent = {"sender": talk.cara, "thread_id": talk.id, "body": "", "client_key": f"sample-{file.id}"}
    send_message(**sent, attachments=[file.id], now=talk.now)
    asked = actions.ask(
        viewer=talk.paul, thread_id=talk.id, attachments=[file.id], purpose=CLIENTS, now=talk.now
    )
    yes = {"answer": "yes"}
    return {
        "ask_id": asked.id,
        "/api/portfolio/pictures/<attachment_id>": {"label": "result"},
        "/api/portfolio/asks/<ask_id>": yes,
        "/portfolio/asks/<ask_id>": yes,
        "/api/threads/<thread_id>/portfolio/asks": {"attachments": [file.id], "purpose": "public"},
        "/threads/<thread_id>/portfolio": {"attachments": file.id, "purpose": "public"},
        "/threads/<thread_id>/portfolio/labels": {f"label-{file.id}": "result"},
    }
