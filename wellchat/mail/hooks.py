"""Name the hooks by which mail calls the features above."""

from wellchat.feature import Hook

reader_language: Hook[[str], str | None] = Hook("mail.reader_language")
"""(user id) -> the language they read, None where that is not known; for mails whose context does not name
one.
"""

session_epoch: Hook[[str], str] = Hook("mail.session_epoch")
"""(user id) -> what changes when all sessions of the person end."""
