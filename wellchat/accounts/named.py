"""Find the account that a command names: by its address, or with --external-id by the platform's id."""

from __future__ import annotations

import click

from wellchat import clock
from wellchat.accounts.hooks import account_by_external_id
from wellchat.accounts.models import User
from wellchat.accounts.queries import user_by_email
from wellchat.errors import WellchatError

_META = "wellchat.external_id"


def _note(context: click.Context, _option: click.Parameter, is_given: bool) -> None:
    context.meta[_META] = is_given


external_id_option = click.option(
    "--external-id",
    is_flag=True,
    expose_value=False,
    callback=_note,
    help="EMAIL is the platform's own id of the person.",
)


def account_named(text: str) -> User:
    """Return the account that the argument of this command names. Raises ClickException."""
    if not click.get_current_context().meta.get(_META):
        found, what = user_by_email(text), "address"
    else:
        try:
            found = next(filter(None, account_by_external_id(text, clock.now())), None)
        except WellchatError as error:
            raise click.ClickException(error.line) from None
        what = "id"
    if found is None:
        raise click.ClickException(f"Nobody here has the {what} {text}.")
    return found
