"""Answer every message once: a program of one person, with the Python client (clients/python).

    WELLCHAT_URL=http://127.0.0.1:8000 WELLCHAT_BOT_TOKEN=... python examples/bot.py cursor.txt

It may be killed at any moment. The cursor is kept after the answers were sent, so after a crash the same
messages may come again; the `client_key` of an answer is made from the message it answers, so it is sent
once for all.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from wellchat_client import Client, Follower, Message, Update

WORDS = "Thank you! We answer within a day."


def answer(client: Client, me: str, message: Message) -> None:
    """Answer a message of somebody else's."""
    if message["sender_id"] == me or message["deleted"]:
        return
    seq = message["seq"]
    client.send(message["thread_id"], WORDS, client_key=f"answer-{seq}", reply_to=seq)
    client.mark_read(message["thread_id"], seq)


def main() -> None:
    """Follow from the cursor in the file, or from now on if there is none yet."""
    client = Client(os.environ["WELLCHAT_URL"], os.environ["WELLCHAT_BOT_TOKEN"])
    kept = Path(sys.argv[1])
    me = client.me()["user"]["id"]

    def apply(update: Update) -> None:
        for message in update["messages"]:
            answer(client, me, message)

    follower = Follower(client, apply=apply, save=lambda cursor: kept.write_text(cursor))
    follower.run(kept.read_text() if kept.exists() else None)


if __name__ == "__main__":
    main()
