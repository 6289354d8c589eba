"""Mails as they arrive: headers that nobody can write into, and two parts with the same content."""

from __future__ import annotations

import re
from datetime import timedelta
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest

from tests.mail.world import DELAY, NOON, World
from wellchat.accounts.models import User
from wellchat.db import db, transaction
from wellchat.digests import runs as digests
from wellchat.mail import actions
from wellchat.mail.mime import one_line
from wellchat.mail.palette import oklch
from wellchat.subjects.models import Subject

HEADERS = {
    "In-Reply-To",
    "References",
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress",
    "List-Unsubscribe", "List-Unsubscribe-Post", "Reply-To", "MIME-Version", "Content-Type", "X-Peer",
    "X-MailFrom", "X-RcptTo",
}  # fmt: skip

NASTY = [
    "Eve\r\nBcc: everybody@example.com",
    "Eve\nSubject: other",
    "Eve\u0085Bcc: x@example.com",
    "Eve\u2028Bcc: x@example.com",
    "Eve\u2029\r\n\r\n<h1>body</h1>",
    '"Eve" <other@example.com>, "More',
    "=?utf-8?q?Eve=0ABcc=3A_x=40example=2Ecom?=",
    "Eve" * 60,
    "\u202eeve\u202c",
    "<script>window.__x=1</script><img src=https://evil.example/x.png>",
    "](https://evil.example)",
    "ÅÄÖ 愛 🙂👩‍👩‍👧",
    "",
]


class Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "background")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def rename(user: User, name: str) -> None:
    with transaction() as session:
        session.execute(db.update(User).where(User.id == user.id).values(name=name[:120]))
    db.session.expire_all()


@pytest.mark.parametrize("words", NASTY)
@pytest.mark.parametrize("where", ["reader", "writer", "subject", "body"])
def test_nothing_people_write_becomes_a_header_or_markup(world: World, where: str, words: str) -> None:
    if where == "subject":
        with transaction() as session:
            subject = Subject(
                kind="coupon", external_id="1", title=words[:200], professional_id=world.coach.id,
                created_at=NOON, updated_at=NOON,
            )  # fmt: skip
            session.add(subject)
            session.flush()
            session.execute(db.update(type(world.thread)).values(subject_id=subject.id))
    world.say(world.client, words if where == "body" and words else "Hello")
    rename(world.coach, words if where == "reader" else "Sofia Marin")
    rename(world.client, words if where == "writer" else "Ana Petrov")
    digests.sweep(NOON + DELAY)
    [message] = world.server.messages
    assert world.server.recipients == [[world.coach.email]]
    assert set(message.keys()) <= HEADERS
    assert len(message.keys()) == len(set(message.keys()))
    [to] = message["To"].addresses
    assert to.addr_spec == world.coach.email
    assert not re.search(r"[\r\n\x85\u2028\u2029]", message["Subject"])
    assert len(message["Subject"]) <= 160
    page = Page(part(message, "html"))
    assert all(link.startswith("https://chat.example/") for link in page.links)
    assert not page.tags & {"script", "img", "link", "iframe", "form", "object"}


def test_text_and_html_hold_the_same_words(world: World) -> None:
    world.say(world.client, "Tom & Jerry <3\n\nsecond paragraph")
    digests.sweep(NOON + DELAY)
    [message] = world.server.messages
    text, page = part(message, "plain"), " ".join(Page(part(message, "html")).words)
    for words in (
        "Ana Petrov",
        "Tom & Jerry <3",
        "second paragraph",
        "Wednesday 18 November",
        "12:00",
        "1 new message",
    ):
        assert words in text
        assert words in page
    assert "prefers-color-scheme: dark" in part(message, "html")


@pytest.mark.parametrize(
    "name", ["welcome", "verification", "reset", "password_changed", "already_registered"]
)
def test_account_mails_greet_by_name_and_hold_their_links(world: World, name: str) -> None:
    with transaction() as session:
        session.execute(db.update(User).values(verified_at=None))
    context = {"name": "Ana Petrov"} | ({"link": {"verification": "verify"}.get(name, name)})
    mail = actions.queue_mail(
        user_id=world.client.id, address=world.client.email, name=name, context=context, now=NOON
    )
    assert actions.deliver(mail_id=mail.id, now=NOON) == "sent"
    [message] = world.server.messages
    assert "Hello Ana Petrov" in part(message, "plain")
    assert "List-Unsubscribe" not in message
    links = [link for link in Page(part(message, "html")).links if link != "https://chat.example/"]
    assert all(link.startswith("https://chat.example/") for link in links)
    assert all(link in part(message, "plain") for link in links)


def test_no_secret_link_lies_in_the_ledger(world: World) -> None:
    context = {"name": "Ana Petrov", "link": "reset"}
    mail = actions.queue_mail(
        user_id=world.client.id, address=world.client.email, name="reset", context=context, now=NOON
    )
    actions.deliver(mail_id=mail.id, now=NOON)
    token = re.search(r"/reset-password/(\S+)", part(world.server.messages[0], "plain"))
    assert token
    assert token[1] not in str([vars(row) for row in world.mails()])


def test_an_address_with_letters_beyond_ascii_is_kept(world: World) -> None:
    """It fails for good if the mail server cannot take it, and no other mail suffers."""
    mails = [
        actions.queue_mail(user_id=None, address=address, name="welcome", context={"name": "Ä"}, now=NOON)
        for address in ("jürgen@example.com", "plain@example.com")
    ]
    done = actions.sweep(NOON)
    assert done["mails_sent"] + done["mails_failed"] == len(mails)
    assert ["plain@example.com"] in world.server.recipients


def test_a_header_text_has_no_line_breaks_or_invisible_characters() -> None:
    assert one_line("a\r\nb\u0085c\u2028d\x00e\u202ef") == "a b c d ef"
    assert one_line("👩‍👩‍👧 ok") == "👩‍👩‍👧 ok"


def test_a_digest_shows_times_in_the_reader_s_zone(world: World) -> None:
    with transaction() as session:
        session.execute(db.update(User).values(time_zone="Asia/Kolkata"))
    db.session.expire_all()
    world.say(world.client, "Late", NOON + timedelta(hours=7))
    digests.sweep(NOON + timedelta(hours=8))
    assert "Thursday 19 November\n\n  00:30\n  Late" in part(world.server.messages[0], "plain").replace(
        "\r\n", "\n"
    )


def test_colours_are_hex_as_mail_programs_need() -> None:
    assert oklch(1, 0, 0) == "#ffffff"
    assert oklch(0, 0, 0) == "#000000"
    assert oklch(0.627955, 0.257683, 29.234) == "#ff0000"
    assert re.fullmatch("#[0-9a-f]{6}", oklch(0.9, 0.4, 120))
