"""Templates of the operator take the place of ours, in a sandbox; a check finds what is wrong with them."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Callable
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.cast import Cast
from wellchat import clock
from wellchat.brand.mail_check import check_templates
from wellchat.brand.mail_cli import doctor
from wellchat.brand.mail_preview import preview
from wellchat.brand.mail_samples import samples
from wellchat.feature import registry
from wellchat.features import all_features
from wellchat.i18n import available_languages
from wellchat.mail.actions import queue_mail
from wellchat.mail.compose import render
from wellchat.mail.pages import part_of

PREVIEW = "/oversight/brand/mails"
OURS = Path(__file__).parent.parent.parent / "templates" / "emails"
GOOD = {
    "welcome/subject.txt": "Welcome to {{ installation }},\n {{ name }}\nBcc: x@example.com",
    "welcome/body.txt": "{{ _('Hello %(name)s,', name=name) }}\nOurs alone. {{ config.NAME }}",
    "_layout.html": "<body><i>Ours</i>{% block content %}{% endblock %}{% block footer %}{% endblock %}",
}


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / "emails" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (tmp_path / "emails").mkdir(exist_ok=True)
        return tmp_path

    return write


@pytest.fixture
def sent(app: Flask, cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """sent(folder, mail): the message of one kind, made with the templates of this folder."""

    def make(folder: Path, name: str = "welcome") -> EmailMessage:
        monkeypatch.setitem(app.config, "TEMPLATES", folder)
        # Read once, as a process does.
        app.extensions.pop("mail_templates", None)
        row = queue_mail(user_id=cast.cara.id, address=cast.cara.email, name=name, context={}, now=now)
        content = samples("Cara <b>")[name]
        return message_from_bytes(render(row, now=now, content=content).content, policy=policy.default)

    return make


def test_theirs_come_before_ours_and_the_headers_stay_ours(folder: Any, sent: Any) -> None:
    mail = sent(folder(GOOD))
    assert mail["Subject"] == "Welcome to wellchat, Cara <b> Bcc: x@example.com"
    assert mail["Bcc"] is None
    text, html = (part.get_content() for part in mail.iter_parts())
    assert "Ours alone. wellchat" in text
    assert "<i>Ours</i>" in html
    assert "Cara &lt;b&gt;" in html
    digest = sent(folder(GOOD), "digest")
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_template_reaches_no_secret_and_no_file(app: Flask, folder: Any, sent: Any, caplog: Any) -> None:
    for trick in (
        "{{ config.SECRET_KEY }}.",
        "{{ ''.__class__.__mro__ }}",
        "{{ url.__globals__ }}.",
        "{% include 'layouts/base.html' %}",
        "{% include '../../secret' %}",
        "{{ 1 / 0 }}",
        "{% for each in range(10 ** 9) %}{% endfor %}",
        "{{ name|nothing }}",
    ):
        caplog.clear()
        with caplog.at_level(logging.ERROR):
            mail = sent(folder({"welcome/subject.txt": trick}))
        told = [record.message for record in caplog.records]
        if trick.endswith("."):
            assert mail["Subject"] == "."
        else:
            assert "ours is sent" in told[0], trick
            assert mail["Subject"] == "Welcome to wellchat", "nobody is left without their mail"


def test_the_check_passes_for_ours_and_for_good_ones(app: Flask, folder: Any) -> None:
    faults, rendered = check_templates(folder({}))
    assert faults == []
    assert rendered == 3 * len({*registry().mails, "discreet"} & samples("x").keys())


def test_a_copy_of_all_of_ours_passes_but_not_one_misspelt_word(app: Flask, tmp_path: Path) -> None:
    shutil.copytree(OURS, tmp_path / "emails")
    assert check_templates(tmp_path)[0] == []
    body = tmp_path / "emails" / "welcome" / "body.html"
    body.write_text(body.read_text().replace("{{ button(", "{{ buton("))
    lines = body.read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "buton" in text)
    assert [*map(str, check_templates(tmp_path)[0])] == [
        f"emails/welcome/body.html:{line}: unknown variable buton"
    ]


def test_a_file_that_no_mail_uses_is_refused_with_the_nearest_one(app: Flask, folder: Any) -> None:
    wrong = {
        "welcom/subject.txt": "emails/welcome/subject.txt",
        "reset/bdy.txt": "emails/reset/body.txt",
        "_layot.html": "emails/_layout.html",
    }
    loop = "{% for each in [name] %}{% include 'emails/mine/hello.txt' %}{% endfor %}"
    used = {"welcome/body.txt": loop, "mine/hello.txt": "{{ each }}"}
    faults, _ = check_templates(folder(dict.fromkeys(wrong, "x") | used))
    told = "no mail uses this file; the nearest that one does is"
    assert {*map(str, faults)} == {f"emails/{name}: {told} {right}" for name, right in wrong.items()}


def test_every_kind_of_mail_has_an_example(app: Flask) -> None:
    declared = {name for feature in all_features() for name in feature.mails}
    kept = {path.name for path in OURS.iterdir() if path.is_dir()}
    assert samples("x").keys() == kept
    assert declared <= kept


READ = {
    "digest/body.txt": ("Hello\n\n{{ nmae }}", ":3: unknown variable nmae"),
    "digest/_why.txt": ("{% if x %}{% endif %}", ":1: unknown variable x"),
    "welcome/body.html": ("<p>\n<script>1</script>", ":2: <script has no place in a mail"),
    "week/body.html": ('<p onclick="x()">', ":1: onclick= has no place in a mail"),
    "_layout.html": ("<a href='javascript:x'>", ":1: javascript: has no place in a mail"),
    "reset/body.html": ("\n{{ name|safe }}", ":2: `safe` prints without escaping"),
    "test/body.html": ("{% autoescape false %}{{ name }}{% endautoescape %}", ":1: escaping cannot be"),
    "welcome/body.txt": ("\n\n{% if name %}", ":3: Unexpected end of template"),
    "reset/body.txt": ("{{ name|upcase }}", ":1: No filter named 'upcase'"),
}
RENDERED = {
    "digest/body.txt": ("Hello", ": the line to unsubscribe is missing"),
    "week/body.html": ("<p>{{ name }}</p>", ": the link to unsubscribe is missing"),
    "discreet/body.txt": ("x", ": the line to unsubscribe is missing"),
    "week/body.txt": ("{{ url(unsubscribe_path) }}\n{{ threads[0].othr.name }}", ":2: unknown variable othr"),
    "welcome/subject.txt": ("{# nothing #}", ": the subject is empty"),
    "reset/body.txt": ("{% include 'emails/no.txt' %}", ": includes emails/no.txt, which is not there"),
    "welcome/body.txt": ("{{ 1 / 0 }}", ":1: division by zero"),
    "reset/body.html": ("<{{ 'scr' }}ipt>{{ name }}", ": <script has no place in a mail"),
}


@pytest.mark.parametrize("files", [READ, RENDERED], ids=["read", "rendered"])
def test_the_check_names_file_and_line(app: Flask, folder: Any, files: dict[str, tuple[str, str]]) -> None:
    given = folder({name: text for name, (text, _) in files.items()})
    done = app.test_cli_runner().invoke(args=["mail", "check-templates", str(given)])
    assert done.exit_code == 1
    for name, (_, told) in files.items():
        assert f"emails/{name}{told}" in done.stderr, done.stderr
    # A digest for trying is made of the files of the digest.
    lines = [line for line in done.stderr.splitlines() if not line.startswith("emails/test/body.txt")]
    assert len(lines) == len(files)


def test_the_command_needs_a_folder_and_doctor_looks_too(app: Flask, folder: Any, monkeypatch: Any) -> None:
    run = app.test_cli_runner().invoke
    assert "name a folder, or set WELLCHAT_TEMPLATES" in run(args=["mail", "check-templates"]).stderr
    monkeypatch.setitem(app.config, "TEMPLATES", folder(GOOD))
    said = run(args=["mail", "check-templates"]).stdout
    assert re.fullmatch(
        r"files of yours: 3; kinds of mail rendered: \d+, each in 3 languages. Nothing is wrong.\n", said
    )
    folder({"welcome/body.txt": "{{ nmae }}"})
    with pytest.raises(ValueError, match=r"emails/welcome/body\.txt:1: unknown variable nmae"):
        doctor(app)


def test_owners_see_every_kind_of_mail_in_every_language(
    app: Flask, cast: Cast, browse: Callable[..., Any]
) -> None:
    ada = browse(cast.ada)
    page = ada.get(PREVIEW).text
    names = re.findall(r'<option value="([a-z_]+)"', page.partition('id="language"')[0])
    assert {*registry().mails, "discreet"} & samples("x").keys() == set(names)
    for name in names:
        for code in available_languages():
            message = preview(name, code, clock.now())
            assert message["Subject"]
            assert part_of(message, "plain")
    digest = ada.get(PREVIEW, query_string={"kind": "digest", "language": "de"}).text
    assert "Alex Example" in digest
    frame = ada.get(f"{PREVIEW}/html?kind=reset&language=en")
    assert frame.headers["Content-Security-Policy"].startswith("sandbox ")
    assert "/reset/example" in frame.text, "no link of an example works"
    assert browse(cast.cara).get(PREVIEW).status_code == 404
    for wrong in ({"kind": "nonsense"}, {"language": "xx"}):
        assert ada.get(PREVIEW, query_string=wrong).status_code == 404
        assert ada.get(f"{PREVIEW}/html", query_string=wrong).status_code == 404


def test_the_command_prints_a_kind_of_mail(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    assert "digest " in run(args=["mail", "preview"]).output
    assert run(args=["mail", "preview", "digest"]).output.startswith("Subject: ")
    assert run(args=["mail", "preview", "digest", "--html"]).output.lstrip().lower().startswith("<!doctype")
    assert "Donnerstag, 12. November" in run(args=["mail", "preview", "digest", "--language", "de"]).output
    wrong = run(args=["mail", "preview", "digest", "--language", "xx"])
    assert (wrong.exit_code, "no such kind" in wrong.output) == (1, True)
