"""Show every kind of mail as it would be, with an example for a person: on a page and as a command."""

from __future__ import annotations

from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import NamedTuple

import click
from flask import Blueprint, Response, render_template, request
from flask.cli import with_appcontext

from wellchat import clock
from wellchat.accounts.proof import fresh_proof
from wellchat.brand.mail_samples import PLAIN_NAME, samples
from wellchat.errors import NotFound
from wellchat.feature import registry
from wellchat.i18n import available_languages, gettext, language, language_names
from wellchat.mail.compose import DISCREET, render_example
from wellchat.mail.pages import html_frame, mail_label, part_of
from wellchat.web import signed_in, viewer

pages = Blueprint("mail_preview", __name__)


class Kind(NamedTuple):
    """A kind of mail, and what it is called in the reader's language."""

    name: str
    label: str


def kinds() -> list[Kind]:
    """Return the kinds of mail of this installation, in the order of their labels."""
    declared = {*registry().mails, DISCREET} & samples(PLAIN_NAME).keys()
    labels = {name: mail_label(name) for name in declared} | {DISCREET: gettext("Discreet email")}
    return sorted((Kind(name, labels[name]) for name in declared), key=lambda kind: kind.label.casefold())


def preview(name: str, in_language: str, now: datetime) -> EmailMessage:
    """Return a mail of this kind as it would be. Raises NotFound for a kind or language that is not there."""
    if name not in {kind.name for kind in kinds()} or in_language not in available_languages():
        raise NotFound
    content = render_example(name, samples(PLAIN_NAME)[name], language=in_language, now=now)
    return message_from_bytes(content, policy=policy.default)


def _chosen() -> tuple[str, str]:
    """Return the kind and language that the page is asked for. Raises NotFound for all but owners."""
    if not viewer().may("settings"):
        raise NotFound
    return request.args.get("kind", kinds()[0].name), request.args.get("language", language())


@pages.get("/oversight/brand/mails")
@signed_in
@fresh_proof
def show() -> str:
    """Show one kind of mail, and a form to choose another."""
    name, in_language = _chosen()
    message = preview(name, in_language, clock.now())
    return render_template(
        "brand/mails.html",
        kinds=kinds(),
        languages=language_names(),
        chosen=name,
        chosen_language=in_language,
        message=message,
        text=part_of(message, "plain"),
    )


@pages.get("/oversight/brand/mails/html")
@signed_in
@fresh_proof
def frame() -> Response:
    """Return the HTML part of the mail, for the frame of the page."""
    return html_frame(part_of(preview(*_chosen(), clock.now()), "html"))


@click.command("preview")
@click.argument("kind", required=False)
@click.option("--language", "in_language", default="en", show_default=True, help="A code, such as de.")
@click.option("--html", is_flag=True, help="Print the HTML part, for a file that a browser opens.")
@with_appcontext
def command(kind: str | None, in_language: str, html: bool) -> None:
    """Print one KIND of mail as it would be, with an example for a person; without KIND, print all kinds."""
    if kind is None:
        for each in kinds():
            click.echo(f"{each.name:20}  {each.label}")
        return
    try:
        message = preview(kind, in_language, clock.now())
    except NotFound:
        raise click.ClickException(
            "There is no such kind of mail, or no such language. Without KIND this prints all kinds."
        ) from None
    text = part_of(message, "html" if html else "plain")
    click.echo(text if html else f"Subject: {message['Subject']}\n\n{text}")
