"""Delete the files of captured mails: those of an installation without a mail server."""

from __future__ import annotations

from collections.abc import Collection
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from wellchat.db import after_commit
from wellchat.mail import transport


def forget_captured(mail_ids: Collection[str]) -> None:
    """Delete the files of these mails after the commit: files cannot be rolled back."""
    folder, ids = transport.folder(), frozenset(mail_ids)
    after_commit(lambda: _delete(folder, ids))


def forget_captured_with(words: str) -> None:
    """Delete the files of all mails that hold these words, in a header or in their text, after the commit."""
    folder = transport.folder()
    after_commit(lambda: _delete_with(folder, words))


def _delete(folder: Path, mail_ids: Collection[str]) -> None:
    for file in folder.glob("*.eml") if mail_ids else ():
        if file.stem.rpartition("-")[2] in mail_ids:
            file.unlink(missing_ok=True)


def _delete_with(folder: Path, words: str) -> None:
    for file in folder.glob("*.eml"):
        if any(words in text for text in _texts(message_from_bytes(file.read_bytes(), policy=default))):
            file.unlink(missing_ok=True)


def _texts(message: EmailMessage) -> list[str]:
    parts = (part for part in message.walk() if part.get_content_maintype() == "text")
    return [*map(str, message.values()), *(str(part.get_content()) for part in parts)]
