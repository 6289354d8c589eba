"""Define `wellchat mail check-templates` and `wellchat mail preview`."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext

from wellchat.brand.mail_check import check_templates, files_in
from wellchat.brand.mail_preview import kinds, preview
from wellchat.clock import now
from wellchat.config import setting
from wellchat.errors import NotFound
from wellchat.i18n import available_languages


@click.command("check-templates")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@with_appcontext
def check(folder: Path | None) -> None:
    """Check the templates of mails in FOLDER, by default those of WELLCHAT_TEMPLATES.

    Every mail is rendered in every language, with long names.
    """
    folder = folder or setting("TEMPLATES")
    if folder is None:
        raise click.ClickException("There is nothing to check: name a folder, or set WELLCHAT_TEMPLATES.")
    if not (folder / "emails").is_dir():
        raise click.ClickException(f"There is no folder {folder / 'emails'}.")
    faults, rendered = check_templates(folder)
    for fault in faults:
        click.echo(str(fault), err=True)
    if faults:
        raise click.exceptions.Exit(1)
    click.echo(f"{_done(folder, rendered)}. Nothing is wrong.")


@click.command("preview")
@click.argument("kind", required=False)
@click.option("--language", "in_language", default="en", show_default=True, help="A code, such as de.")
@click.option("--html", is_flag=True, help="Print the HTML part, for a file that a browser opens.")
@with_appcontext
def show(kind: str | None, in_language: str, html: bool) -> None:
    """Print one KIND of mail as it would be, with an example for a person; without KIND, print all kinds."""
    if kind is None:
        for each in kinds():
            click.echo(f"{each.name:20}  {each.label}")
        return
    try:
        message = preview(kind, in_language, now())
    except NotFound:
        raise click.ClickException(
            "There is no such kind of mail, or no such language. Without KIND this prints all kinds."
        ) from None
    part = message.get_body(("html" if html else "plain",))
    text = str(part.get_content()) if part else ""
    click.echo(text if html else f"Subject: {message['Subject']}\n\n{text}")


def doctor(app: Flask) -> str:
    """Return a line about the templates; raises with one about the first fault."""
    if app.config["TEMPLATES"] is None:
        return "ours"
    faults, rendered = check_templates(app.config["TEMPLATES"])
    if faults:
        raise ValueError(f"{faults[0]} (`wellchat mail check-templates` has all {len(faults)})")
    return f"{app.config['TEMPLATES']}, {_done(app.config['TEMPLATES'], rendered)}"


def _done(folder: Path, rendered: int) -> str:
    """Return what was read and rendered: "files of yours: 3; kinds of mail: 32, each in 3 languages"."""
    languages = len(available_languages())
    kinds, files = rendered // languages, len(files_in(folder))
    return f"files of yours: {files}; kinds of mail rendered: {kinds}, each in {languages} languages"
