"""Nobody gives the text of a message away but by `shown_body`.

Each place that names `.body` in code is counted in the table, with the reason. A new one has to ask
`shown_body`, or to say here why it gives nothing away. Templates get what serializers made, which ask it.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = re.compile(r"(\w+)(?:\([^()]*\))?\.body\b(?!\.reader)")

# Bodies of HTTP, and forms: they are what somebody sends.
NO_MESSAGES = {
    "answer",
    "call",
    "given",
    "found",
    "operation",
    "form",
    "body",
    "request",
    "self",
    "http",
    "timestamp",
}
WHY = {
    "wellchat/messaging/shown.py": (2, "it is the function"),
    "wellchat/messaging/messages.py": (7, "writing, and comparing with what the sender sends again"),
    "wellchat/messaging/dispatch.py": (1, "whether there is a text at all"),
    "wellchat/messaging/retention.py": (1, "taking it away"),
    "wellchat/messaging/statements.py": (1, "the column that a send writes"),
    "wellchat/messaging/serializers.py": (2, "columns of rows that it shows, and the whole for moderators"),
    "wellchat/masking/writing.py": (1, "what is looked through"),
    "wellchat/search/actions.py": (3, "the index: one for both people, and no result without shown_body"),
    "wellchat/digests/queries.py": (1, "the column of rows that unread_messages shows"),
    "wellchat/digests/render.py": (1, "rows of unread_messages"),
    "wellchat/events/bodies.py": (1, "the column of rows that go through shown_body"),
    "wellchat/brand/mail_check.py": (1, "nodes of a template"),
    "wellchat/imports/verifying.py": (3, "digests of texts, to compare with the file"),
    "wellchat/oversight/quality.py": (3, "counting equal texts"),
    "wellchat/safety/moderation.py": (1, "the text of a deleted message, for moderators"),
    "wellchat/check_ins/actions.py": (1, "the text of a rule, which its author reads"),
    "wellchat/check_ins/occasions.py": (1, "the text of a rule, to be filled in"),
    "wellchat/scheduled/actions.py": (2, "a text that is not sent yet, which its author reads"),
    "wellchat/scheduled/pages.py": (1, "a text that is not sent yet, which its author reads"),
    "wellchat/scheduled/queries.py": (1, "a text that is not sent yet, which its author reads"),
    "wellchat/scheduled/sending.py": (2, "a text that is not sent yet, which its author reads"),
    "wellchat/privacy/transcript.py": (2, "lines made with shown_body"),
    "wellchat/attachments/ogg.py": (4, "the bytes in a page of a recording"),
    "wellchat/clientele/notes.py": (3, "one's own notes"),
    "wellchat/clientele/queries.py": (2, "one's own notes"),
    "wellchat/automatic_messages/answering.py": (1, "the welcome of a coupon, before it is sent"),
    "wellchat/automatic_messages/pages.py": (1, "a form"),
    "wellchat/automatic_messages/queries.py": (1, "the welcome of one's own coupon"),
    "wellchat/saved_replies/actions.py": (4, "one's own saved replies"),
    "wellchat/saved_replies/csv_files.py": (1, "one's own saved replies"),
    "wellchat/saved_replies/pages.py": (1, "one's own saved replies"),
    "wellchat/saved_replies/queries.py": (5, "one's own saved replies"),
}
TEMPLATES = {
    "templates/clientele/_notes.html": {"note"},  # one's own note
    "templates/messaging/_conversation.html": {"last"},
    "templates/messaging/_message.html": {"m"},
    "templates/messaging/_message_decorations.html": {"m", "q"},
    "templates/messaging/_reply_banner.html": {"replied_to"},
    "templates/oversight/transcript.html": {"each"},  # earlier texts, for an administrator on record
    "templates/privacy/export/thread.html": {"line"},
    "templates/safety/one_report.html": {"m"},
    "templates/saved_replies/_form.html": {"values"},  # one's own saved reply
    "templates/saved_replies/page.html": {"reply"},  # the same
    "templates/scheduled/index.html": {"one"},  # not sent yet; only its author sees the page
}


def test_code_takes_no_text_past_shown_body() -> None:
    past = {}
    for path in sorted([*(ROOT / "wellchat").rglob("*.py"), *(ROOT / "worker").rglob("*.py")]):
        named = [found[1] for found in TEXT.finditer(path.read_text()) if found[1] not in NO_MESSAGES]
        if named:
            past[str(path.relative_to(ROOT))] = len(named)
    assert past == {path: count for path, (count, _why) in WHY.items()}


def test_previews_are_made_of_what_is_shown() -> None:
    asking = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "wellchat").rglob("*.py")
        if re.search(r"(?<!def )\bpreview_of\(", path.read_text())
    ]
    assert asking == ["wellchat/messaging/shown.py"]


def test_templates_show_only_texts_that_serializers_made() -> None:
    shown = {}
    for path in sorted((ROOT / "templates").rglob("*.*")):
        named = {found[1] for found in TEXT.finditer(path.read_text())} - {"errors", "typed"}
        if named:
            shown[str(path.relative_to(ROOT))] = named
    assert shown == TEMPLATES
