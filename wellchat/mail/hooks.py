"""Name the hooks by which mail calls the features above."""

from datetime import datetime

from wellchat.feature import Hook

reader_language: Hook[[str], str | None] = Hook("mail.reader_language")
"""(user id) -> the language they read, None where that is not known; for mails whose context does not name
one.
"""

mail_vetoed: Hook[[str], str | None] = Hook("mail.mail_vetoed")
"""(user id) -> why this person is sent nothing, as a sentence for the ledger; None: they may be."""

present_address: Hook[[str], str | None] = Hook("mail.present_address")
"""(user id) -> the address that this person has now; None where there is no such account."""

session_epoch: Hook[[str], str] = Hook("mail.session_epoch")
"""(user id) -> what changes when all sessions of the person end."""

unsubscribe_kind: Hook[[str], str | None] = Hook("mail.unsubscribe_kind")
"""(path of an unsubscribe link) -> one word for what it ends, such as "week"; None: not known."""

way_in: Hook[[str, str, str, datetime], str | None] = Hook("mail.way_in")
"""(user id, path of a page, id of the mail, now) -> the path of a link that signs them in on the way there;
None: they get the plain one.
"""
