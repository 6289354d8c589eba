"""Define `wellchat mail check-templates`."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext

from wellchat.brand.mail_check import check_templates
from wellchat.config import setting


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
    click.echo(f"{rendered} mails rendered, nothing wrong.")


def doctor(app: Flask) -> str:
    """Return a line about the templates; raises with one about the first fault."""
    if app.config["TEMPLATES"] is None:
        return "ours"
    faults, rendered = check_templates(app.config["TEMPLATES"])
    if faults:
        raise ValueError(f"{faults[0]} (`wellchat mail check-templates` has all {len(faults)})")
    return f"{app.config['TEMPLATES']}, {rendered} mails rendered"
