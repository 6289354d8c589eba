"""Mails as they travel: encodings, character sets, broken ones, and bytes that are no mail."""

from __future__ import annotations

import base64
import quopri
import random
import time

import pytest

from tests.mail.world import World
from tests.replies.raw import address_of, bodies, hand_over, raw_mail, reply
from wellchat.replies.reading import Incoming

WORDS = "Grüße, ça va? 你好 👍🏽"


def text_of(body: str | bytes, kind: str = "text/plain; charset=utf-8", **headers: str) -> str:
    return Incoming(
        raw_mail(author="a@example.com", to="b@example.com", body=body, kind=kind, **headers)
    ).text


@pytest.mark.parametrize(
    ("charset", "words"),
    [
        ("utf-8", WORDS),
        ("iso-8859-1", "Grüße, ça va?"),
        ("windows-1252", "“Grüße” – 5 €"),
        ("iso-8859-15", "5 € für Öl"),
        ("koi8-r", "Да, в девять"),
        ("windows-1251", "Да, в девять"),
        ("iso-2022-jp", "はい、九時に"),
        ("shift_jis", "はい、九時に"),
        ("gb2312", "好的，九点"),
        ("gb18030", "好的，九点"),
        ("big5", "好的，九點"),
        ("euc-kr", "네, 아홉 시"),
        ("ks_c_5601-1987", "네, 아홉 시"),
        ("windows-1255", "שלום, מחר בתשע"),
        ("iso-8859-8-i", "שלום, מחר בתשע"),
        ("windows-1256", "نعم"),
        ("utf-16", WORDS),
        ("us-ascii", "plain"),
    ],
)
def test_text_is_decoded_from_every_character_set(charset: str, words: str) -> None:
    known = {"iso-8859-8-i": "iso-8859-8", "ks_c_5601-1987": "euc-kr"}.get(charset, charset)
    content = base64.encodebytes(words.encode(known))
    assert text_of(content, f"text/plain; charset={charset}", Content_Transfer_Encoding="base64") == words


@pytest.mark.parametrize("charset", ["x-unknown", "", "ascii", "utf-8", "ansi", "8bit", "\u00fc"])
def test_a_wrong_or_unknown_character_set_still_gives_text(charset: str) -> None:
    for content in (WORDS.encode(), "Grüße".encode("latin-1"), b"\xff\xfe\x00\x81"):
        found = text_of(content, f'text/plain; charset="{charset}"', Content_Transfer_Encoding="8bit")
        assert found or content.startswith(b"\xff")
        assert "\x00" not in found
        found.encode()
    assert text_of(WORDS.encode(), f'text/plain; charset="{charset}"') == WORDS


def test_quoted_printable_is_decoded() -> None:
    assert text_of(quopri.encodestring(WORDS.encode()), Content_Transfer_Encoding="quoted-printable") == WORDS


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "x-uuencode", "nonsense"])
def test_broken_encodings_raise_no_error(encoding: str) -> None:
    assert "\x00" not in text_of(b"=ZZ=\xff====\n!!!!", Content_Transfer_Encoding=encoding)


def test_flowed_text_becomes_paragraphs() -> None:
    body = "Yes, at nine, and please \nbring the green \none.\n\n From here.\n> quoted \n> on\n-- \nSofia"
    assert (
        text_of(body, "text/plain; format=flowed")
        == "Yes, at nine, and please bring the green one.\n\nFrom here."
    )
    assert text_of("九 \n時", "text/plain; charset=utf-8; format=flowed; delsp=yes") == "九時"
    assert text_of("two \nlines") == "two\nlines"


def test_the_plain_part_comes_first_and_html_where_there_is_none() -> None:
    both = "--b\nContent-Type: text/plain\n\nplain\n--b\nContent-Type: text/html\n\n<p>html</p>\n--b--\n"
    assert text_of(both, "multipart/alternative; boundary=b") == "plain"
    assert text_of(both.replace("plain\n--b", "\n--b"), "multipart/alternative; boundary=b") == "html"
    assert text_of("<p>one<p>two", "text/html") == "one\n\ntwo"


def test_text_is_found_in_nested_parts() -> None:
    body = (
        "--o\nContent-Type: multipart/related; boundary=i\n\n--i\nContent-Type: multipart/alternative; boundary=a\n\n"
        "--a\nContent-Type: text/plain\n\nYes.\n--a\nContent-Type: text/html\n\n<b>Yes.</b>\n--a--\n--i--\n"
        "--o\nContent-Type: text/plain\n\nSent from my iPhone\n--o--\n"
    )
    assert text_of(body, "multipart/mixed; boundary=o") == "Yes."


def test_a_multipart_without_parts_gives_its_text() -> None:
    assert text_of("Thanks!", "multipart/alternative; boundary=nowhere") == "Thanks!"
    assert text_of("--b\nContent-Type: text/plain\n\nThanks!", "multipart/mixed; boundary=b") == "Thanks!"


@pytest.mark.parametrize(
    "body",
    ["a\x00b", "a\x01\x02b\x7f", "a\ufeffb", "a\u2028b", "a\r\nb", "a\rb", "\u202eb\u202c", "a\u200bb"],
)
def test_invisible_characters_are_removed(world: World, body: str) -> None:
    reply(world, body=base64.encodebytes(body.encode()), Content_Transfer_Encoding="base64")
    [text] = bodies(world)
    assert text
    assert not set(text) & set("\x00\x01\x02\x7f\r\u2028\ufeff")


def test_markup_stays_text(world: World) -> None:
    reply(world, body="<script>alert(1)</script> <b>x</b>")
    reply(world, body="<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>", kind="text/html")
    assert bodies(world) == ["<script>alert(1)</script> <b>x</b>", "<script>alert(1)</script>"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "header",
    [
        "From", "Subject", "Message-ID", "Date", "Content-Type", "Content-Transfer-Encoding", "In-Reply-To", "References",
        "Auto-Submitted", "Precedence", "To", "Return-Path", "Authentication-Results", "Content-Disposition", "MIME-Version",
    ],
)  # fmt: skip
def test_nonsense_in_headers_raises_no_error(world: World, header: str) -> None:
    world.app.config["AUTHSERV_ID"] = "mx.example"
    to = address_of(world.coach, world.thread)
    for value in (
        "", "\x00", "=?utf-8?b?\xff?=", "=?x?q?=ff?=", "=?utf-8?b?///?=", "<" * 500, '"' * 301, "(" * 301, "a" * 20_000, ";;;=;",
        "text/plain; charset*0*=x''%", "multipart/mixed", "multipart/mixed; boundary=\"", "message/rfc822", "[", "@", "\xe9\xff\ud800",
        "=?utf-8?q?=0D=0ABcc:_x?=", "message/delivery-status", "multipart/report; report-type=delivery-status",
    ):  # fmt: skip
        raw = raw_mail(
            author=world.coach.email,
            to=to,
            **{header.replace("-", "_"): value.encode("utf-8", "replace").decode()},
        )
        assert hand_over(raw, to, sender=None).status in (0, 67, 77)


def test_bytes_that_are_no_mail_raise_no_error(world: World) -> None:
    to = address_of(world.coach, world.thread)
    chance = random.Random(4)
    for size in (0, 1, 10, 1000, 100_000):
        raw = chance.randbytes(size)
        assert hand_over(raw, to, sender=None).status == 77
        assert hand_over(b"From: x\n" * 2000 + raw, to, sender=None).status == 77
    assert bodies(world) == []


@pytest.mark.slow
def test_cut_or_changed_mails_raise_no_error(world: World) -> None:
    """Any byte may be missing or changed. That raises nothing, and strangers gain nothing."""
    to = address_of(world.coach, world.thread)
    body = "--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nR3LDvMOfZQ==\n--b\nContent-Type: text/html\n\n<p>x</p>\n--b--\n"
    raw = raw_mail(
        author=world.coach.email,
        to=to,
        body=body,
        kind="multipart/alternative; boundary=b",
        message_id="<one@x>",
    )
    chance = random.Random(7)
    for _ in range(150):
        broken = bytearray(raw[: chance.randrange(len(raw))] if chance.random() < 0.3 else raw)
        for _ in range(chance.randrange(1, 6)):
            if broken:
                broken[chance.randrange(len(broken))] = chance.randrange(256)
        assert hand_over(bytes(broken), to, sender="x@example.com").status in (0, 67, 77)


@pytest.mark.slow
@pytest.mark.parametrize(
    "raw",
    [
        b"From: " + b"a" * 100_000 + b"\r\n\r\nx",
        b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"ab \r\n" * 600_000,
    ],
)
def test_hostile_headers_take_no_long_time(raw: bytes) -> None:
    began = time.thread_time()
    mail = Incoming(raw)
    assert mail.author is None
    assert mail.text
    assert time.thread_time() - began < 10


def test_a_mail_nested_too_deeply_has_no_text() -> None:
    layers = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(2_000))
    mail = Incoming(f"From: a@example.com\n{layers}Content-Type: text/plain\n\nx".encode())
    assert mail.author == "a@example.com"
    assert (mail.text, mail.attachments, mail.is_encrypted) == ("", [], False)


@pytest.mark.slow
def test_a_mail_of_many_parts_takes_no_time(world: World) -> None:
    body = "".join(f"--b\nContent-Type: text/plain\n\n{n}\n" for n in range(3000))
    assert reply(world, kind="multipart/mixed; boundary=b", body=body).status == 0
    deep = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(300))
    assert (
        reply(
            world, kind="multipart/mixed; boundary=b", body=f"--b\n{deep}Content-Type: text/plain\n\nx"
        ).status
        == 0
    )
