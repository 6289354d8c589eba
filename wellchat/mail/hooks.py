"""Where mail calls the features above it."""

from collections.abc import Iterable

from wellchat.feature import Hook

reader_language: Hook[[str], str | None] = Hook("mail.reader_language")
"""(user id) -> the language they read, None where that is not known; for mails whose context does not name one."""

thread_names: Hook[[str, Iterable[str]], dict[str, str]] = Hook("mail.thread_names")
"""(user id, thread ids) -> what that person calls each thread."""
