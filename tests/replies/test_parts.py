"""The files and parts of a mail: what is taken, and that everything left out is named."""

from __future__ import annotations

import os
from base64 import b64encode

import pytest
from sqlalchemy import select

from tests.attachments.files import DAMAGED, PDF, picture
from tests.mail.world import World
from tests.replies.raw import bodies, reply
from wellchat.attachments.models import Attachment
from wellchat.db import db
from wellchat.messaging.models import Message

OK, DATA, NOBODY, NOT_ALLOWED = os.EX_OK, os.EX_DATAERR, os.EX_NOUSER, os.EX_NOPERM


def test_files_that_are_not_taken_are_named(world: World) -> None:
    body = (
        "--b\nContent-Type: text/plain\n\nHere it is.\n--b\nContent-Type: application/pdf\n"
        "Content-Disposition: attachment; filename*=utf-8''pl%C3%A4n%0D%0Ax.pdf\nContent-Transfer-Encoding: base64\n\nUERG\n"
        "--b\nContent-Type: message/rfc822\n\nFrom: x@example.com\n\nForwarded\n"
        "--b\nContent-Type: image/png\nContent-ID: <logo>\nContent-Disposition: inline; filename=logo.png\n\nPNG\n--b--\n"
    )
    assert reply(world, kind="multipart/mixed; boundary=b", body=body).status == OK
    assert bodies(world) == [
        "Here it is.\n\n(Sent by email without plän x.pdf, a forwarded email: such files are not taken here.)"
    ]


def with_files(*files: tuple[str, str, bytes], text: str = "Here it is.") -> str:
    parts = [f"--b\nContent-Type: text/plain\n\n{text}\n"] + [
        f"--b\nContent-Type: {kind}\nContent-Disposition: attachment; filename={name}\n"
        f"Content-Transfer-Encoding: base64\n\n{b64encode(content).decode()}\n"
        for name, kind, content in files
    ]
    return "".join(parts) + "--b--\n"


def test_files_of_a_mail_are_attached_to_the_message(world: World) -> None:
    body = with_files(
        ("beach.jpg", "application/octet-stream", picture()),
        ("setup.exe", "image/jpeg", b"MZ\x90\x00" + b"\x00" * 60),
        ("plan.pdf", "application/pdf", PDF),
    )
    for _ in range(2):  # a mail server may hand it over again
        assert (
            reply(world, kind="multipart/mixed; boundary=b", body=body, message_id="<f@example.com>").status
            == OK
        )
    assert bodies(world) == [
        "Here it is.\n\n(Sent by email without setup.exe: such files are not taken here.)"
    ]
    [message] = db.session.execute(select(Message).where(Message.files.is_not(None))).scalars()
    kept = [(each["name"], each["media_type"]) for each in message.files or ()]
    assert kept == [("beach.jpg", "image/jpeg"), ("plan.pdf", "application/pdf")]
    sent = db.session.execute(select(Attachment)).scalars().all()
    assert {each.thread_id for each in sent} == {message.thread_id}  # none was taken in twice
    assert {each.owner_id for each in sent} == {world.coach.id}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_picture_is_named_and_the_text_is_taken(world: World, name: str) -> None:
    body = with_files(("me.gif", "image/gif", DAMAGED[name]))
    assert reply(world, kind="multipart/mixed; boundary=b", body=body).status == OK
    assert bodies(world) == ["Here it is.\n\n(Sent by email without me.gif: such files are not taken here.)"]


def test_a_photo_that_a_phone_puts_into_the_text_is_kept(world: World) -> None:
    photo = picture("PNG", size=(300, 300), color="red")
    large = photo[:-12] + b"\x00\x00\xea\x60tEXtx\x00" + b"y" * 59_998 + b"\x00" * 4 + photo[-12:]
    for content in (photo, large):
        body = (
            "--b\nContent-Type: text/plain\n\nHere it is.\n--b\nContent-Type: image/png\nContent-ID: <x>\n"
            "Content-Disposition: inline; filename=IMG_1.png\nContent-Transfer-Encoding: base64\n\n"
            f"{b64encode(content).decode()}\n--b--\n"
        )
        assert reply(world, kind="multipart/related; boundary=b", body=body).status == OK
    files = db.session.execute(select(Message.files).order_by(Message.seq)).scalars().all()
    assert [[each["name"] for each in kept or ()] for kept in files] == [[], ["IMG_1.png"]]


def with_html(html: str, *parts: str) -> str:
    """Return the body of a mail whose HTML shows some of the parts after it."""
    shown = [f"--b\nContent-Type: text/html\n\n{html}\n", *(f"--b\n{part}\n" for part in parts)]
    return "".join(shown) + "--b--\n"


def inline(name: str, content: bytes, kind: str = "image/png") -> str:
    return (
        f"Content-Type: {kind}\nContent-ID: <{name}@x>\nContent-Disposition: inline; filename={name}\n"
        f"Content-Transfer-Encoding: base64\n\n{b64encode(content).decode()}"
    )


def test_what_carries_a_content_id_is_kept_unless_it_is_decoration(world: World) -> None:
    large = picture("PNG", size=(300, 300), color="red")
    large = large[:-12] + b"\x00\x00\x0f\xa0tEXtx\x00" + b"y" * 3_998 + b"\x00" * 4 + large[-12:]
    html = (
        "<p>Here is the plan.</p><p><img src='cid:pasted.png@x'></p>"
        "<a href='https://studio.example'><img src='cid:logo.png@x'></a><img src='cid:icon.png@x' width=16>"
        "<div class=gmail_signature><img src='cid:signed.png@x'></div>"
        "<blockquote type=cite><img src='cid:quoted.png@x'></blockquote>"
    )
    pictures = [
        inline(f"{each}.png", large) for each in ("pasted", "logo", "icon", "signed", "quoted", "unshown")
    ]
    body = with_html(html, *pictures, inline("plan.pdf", PDF, "application/pdf"))
    assert reply(world, kind="multipart/related; boundary=b", body=body).text == "Taken."
    [files] = db.session.execute(select(Message.files)).scalars()
    assert [each["name"] for each in files or ()] == ["pasted.png", "unshown.png", "plan.pdf"]
    assert bodies(world) == ["Here is the plan."]


def test_the_name_of_a_pasted_picture_does_not_stay_as_words(world: World) -> None:
    large = picture("PNG", size=(300, 300), color="red")
    large = large[:-12] + b"\x00\x00\x0f\xa0tEXtx\x00" + b"y" * 3_998 + b"\x00" * 4 + large[-12:]
    body = f"--b\nContent-Type: text/plain\n\n[image: a.png]\n--b\n{inline('a.png', large)}\n--b--\n"
    assert reply(world, kind="multipart/related; boundary=b", body=body).text == "Taken."
    assert bodies(world) == [""]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("application/ms-tnef", "winmail.dat"),
        ("text/calendar", "invitation.ics"),
        ("text/vcard", "contact.vcf"),
    ],
)
def test_parts_that_are_not_taken_are_named(world: World, kind: str, name: str) -> None:
    body = f"--b\nContent-Type: text/plain\n\nHere it is.\n--b\nContent-Type: {kind}\n\nX\n--b--\n"
    assert reply(world, kind="multipart/mixed; boundary=b", body=body).text == "Taken."
    assert bodies(world) == [f"Here it is.\n\n(Sent by email without {name}: such files are not taken here.)"]


SIGNED = "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m"
ARMORED = "-----BEGIN PGP MESSAGE-----\n\nhQ\n-----END PGP MESSAGE-----"


def test_signed_is_not_taken_for_encrypted_and_encrypted_is_not_taken_for_words(world: World) -> None:
    assert "signed with S/MIME" in reply(world, kind=SIGNED, body="x").text
    assert "encrypted" in reply(world, body=ARMORED).text
    assert bodies(world) == []


def test_a_person_who_encloses_a_report_is_heard(world: World) -> None:
    """A bounce that somebody forwards as a file is about another mail, and their words are their own."""
    report = (
        "Content-Type: message/rfc822\n\nContent-Type: multipart/report; report-type=delivery-status; boundary=r\n\n"
        "--r\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        "Final-Recipient: rfc822; x@example.com\nAction: failed\nStatus: 5.1.1\n\n--r--"
    )
    body = f"--b\nContent-Type: text/plain\n\nWhat does this mean?\n--b\n{report}\n--b--\n"
    assert reply(world, kind="multipart/mixed; boundary=b", body=body).text == "Taken."
    [words] = bodies(world)
    assert words
    assert words.startswith("What does this mean?")


def test_files_without_words_are_a_message(world: World) -> None:
    body = with_files(("plan.pdf", "application/pdf", PDF), text="")
    assert reply(world, kind="multipart/mixed; boundary=b", body=body).status == OK
    assert bodies(world) == [""]


def test_more_files_than_a_message_takes_are_named(world: World) -> None:
    body = with_files(*((f"{i}.txt", "text/plain", b"x") for i in range(12)))
    assert reply(world, kind="multipart/mixed; boundary=b", body=body).status == OK
    assert bodies(world) == [
        "Here it is.\n\n(Sent by email without 10.txt, 11.txt: such files are not taken here.)"
    ]


# Who it is from, as the mail server in front has found out
