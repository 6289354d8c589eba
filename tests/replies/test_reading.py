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


# Bytes under labels that say less than was written, or something else: (label, bytes, text)
LABELS = {
    "gb2312 with a letter of GBK": ("gb2312", "您好，朱镕先生".encode("gbk"), "您好，朱镕先生"),
    "gb2312 with a letter of GB18030": ("gb2312", "㐂你好".encode("gb18030"), "㐂你好"),
    "euc-kr with a letter of CP949": ("euc-kr", "똠방각하 안녕".encode("cp949"), "똠방각하 안녕"),
    "ks_c_5601-1987 with a letter of CP949": ("ks_c_5601-1987", "펲시 콜라".encode("cp949"), "펲시 콜라"),
    "shift_jis with a letter of CP932": ("shift_jis", "①番 髙橋".encode("cp932"), "①番 髙橋"),
    "iso-2022-jp with a letter of NEC": ("iso-2022-jp", b"\x1b$B-!HV\x1b(B ok", "①番 ok"),
    "iso-2022-jp with kana of half width": ("iso-2022-jp", b"\x1b(I1\x1b(B ok \x1b$B$O$$\x1b(B", "ｱ ok はい"),
    "big5 with a letter of CP950": ("big5", "好的，碁銹".encode("cp950"), "好的，碁銹"),
    "utf-8 with one stray byte": ("utf-8", "Grüße".encode() + b"\xff!", "Grüße\ufffd!"),
    "utf-8 that was cut": ("utf-8", "你好，九点".encode()[:-1], "你好，九\ufffd"),
    "iso-8859-1 that is windows-1252": ("iso-8859-1", "“5 €”".encode("cp1252"), "“5 €”"),
    "iso-8859-1 that is utf-8": ("iso-8859-1", "Grüße".encode(), "Grüße"),
    "iso-8859-9 that is windows-1254": ("iso-8859-9", "“ğ”".encode("cp1254"), "“ğ”"),
    "koi8-r that is utf-8": ("koi8-r", "Да, в девять".encode(), "Да, в девять"),
    "utf-8 that is windows-1252": ("utf-8", "Grüße, ça va".encode("cp1252"), "Grüße, ça va"),
    "cp-850": ("cp-850", "Grüße".encode("cp850"), "Grüße"),
    "tis-620": ("tis-620", "สวัสดี".encode("cp874"), "สวัสดี"),
    "no text at all": ("base64", b"Yes.", "Yes."),
}


@pytest.mark.parametrize("name", LABELS)
def test_a_label_of_a_character_set_is_read_as_programs_mean_it(name: str) -> None:
    label, content, text = LABELS[name]
    assert text_of(content, f"text/plain; charset={label}", Content_Transfer_Encoding="8bit") == text


def test_html_without_a_label_names_its_character_set_itself() -> None:
    html = b'<html><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312"></head><p>' + (
        "您好".encode("gbk")
    )
    assert text_of(html, "text/html", Content_Transfer_Encoding="8bit") == "您好"


def test_headers_are_read_in_whatever_they_are_written() -> None:
    cases = {
        "=?gb2312?B?1uzpRg==?=": "朱镕",
        "=?utf-8?B?R3LDvA==?= =?utf-8?B?w59l?=": "Grüße",
        "=?utf-8?B?5L2g5aU=?= =?utf-8?B?vQ==?=": "你好",
        "=?x-nobody?q?a=20b?=": "=?x-nobody?q?a=20b?=",
        "=?iso-8859-1*de?q?Gr=FC=DFe?=": "Grüße",
    }
    for written, read in cases.items():
        assert Incoming(f"Subject: {written}\n\nx".encode()).header("Subject") == read, written
    raw = b'Subject: \xc4\xe3\xba\xc3\nContent-Type: text/plain; charset=gb2312; name="\xc4\xe3.txt"\n\nx'
    mail = Incoming(raw)
    assert mail.header("Subject") == "你好"
    assert [each.name for each in mail.attachments] == ["你.txt"]


@pytest.mark.parametrize(
    "before",
    [
        b"\xef\xbb\xbf",
        b"\r\n\r\n",
        b"From x@example.com Mon Mar  1\n",
        b">From x@example.com Mon\n",
        b"X-Bad\n",
    ],
)
def test_lines_that_are_no_header_hide_no_author(before: bytes) -> None:
    mail = Incoming(
        before + b"Subject: Hi\nX-Gateway: a\nbadly folded\nFrom: sofia@example.com\n\nYes.\n\nNo."
    )
    assert (mail.author, mail.header("Subject"), mail.text) == ("sofia@example.com", "Hi", "Yes.\n\nNo.")


def test_a_text_part_that_only_asks_for_another_program_is_not_the_mail() -> None:
    both = (
        "--b\nContent-Type: text/plain\n\nThis message needs a mail program that shows HTML. Please get one.\n"
        "--b\nContent-Type: text/html\n\n<p>Nine is fine, and I bring the green coat with me.</p>\n--b--\n"
    )
    assert (
        text_of(both, "multipart/alternative; boundary=b")
        == "Nine is fine, and I bring the green coat with me."
    )


def test_words_in_parts_beside_each_other_are_all_read() -> None:
    body = (
        "--b\nContent-Type: text/html\n\n<p>First.</p>\n--b\nContent-Type: text/plain\n\nSecond.\n"
        "--b\nContent-Type: text/enriched\n\n<bold>Third</bold> <<3\n--b--\n"
    )
    assert text_of(body, "multipart/mixed; boundary=b").split() == ["First.", "Second.", "Third", "<3"]


def test_a_mail_too_long_to_read_says_so() -> None:
    long = "line\n" * 20_000
    mail = Incoming(raw_mail(author="a@example.com", to="b@example.com", body=long))
    assert not mail.is_read_whole
    quoted = Incoming(
        raw_mail(
            author="a@example.com",
            to="b@example.com",
            body=f"Yes.\n\nSomebody <a@b.example> wrote:\n\n{long}",
        )
    )
    assert (quoted.text, quoted.is_read_whole) == ("Yes.", True)
