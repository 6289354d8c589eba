"""Define `wellchat events` and `wellchat webhook`: follow the log, manage webhooks, and try them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from flask.cli import AppGroup

from wellchat import clock
from wellchat.errors import WellchatError
from wellchat.events import listening, sending, webhooks
from wellchat.events.numbering import number
from wellchat.events.queries import Refused, cursor_now, events_after, parse_event_cursor
from wellchat.events.webhook_queries import deliveries, webhook_json
from wellchat.events.webhook_queries import webhooks as all_webhooks

LOOK_EVERY = 1.0  # seconds

events = AppGroup("events", help="What the host platform is told.")
webhook = AppGroup("webhook", help="Addresses of the platform that are sent events.")
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print data.")


def refusing(command: Callable[..., None]) -> Callable[..., None]:
    """Print what was refused as one line."""

    @wraps(command)
    def refused(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except WellchatError as error:
            raise click.ClickException(error.line) from None

    return refused


@events.command("cursor")
@refusing
def cursor() -> None:
    """Print the cursor of now."""
    number(clock.now())
    click.echo(str(cursor_now()))


@events.command("tail")
@click.option("--after", metavar="CURSOR", help="From where; from now on if not given.")
@click.option("--types", metavar="TYPES", default="", help="Only these, comma-separated.")
@click.option("--once", is_flag=True, help="Print what is there, and end.")
@refusing
def tail(after: str | None, types: str, once: bool) -> None:
    """Print events as lines of JSON, and the cursor after them on the last line with --once."""
    number(clock.now())
    place = parse_event_cursor(after) if after else cursor_now()
    wanted = {each.strip() for each in types.split(",")} if types else None
    while True:
        number(clock.now())
        page = events_after(place, limit=500, types=wanted)
        if isinstance(page, Refused):
            raise click.ClickException(f"This cursor is {page.reason}. The present one: {page.cursor}")
        for event in page.events:
            click.echo(json.dumps(event))
        place = page.cursor
        if not page.has_more:
            if once:
                click.echo(json.dumps({"cursor": str(place)}))
                return
            time.sleep(LOOK_EVERY)


@webhook.command("list")
@as_json_option
def list_webhooks(as_json: bool) -> None:
    """List the webhooks, without their secrets."""
    found = [webhook_json(each) for each in all_webhooks()]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for each in found:
        state = "disabled" if not each["enabled"] else "fails" if each["failing_since"] else "works"
        click.echo("\t".join((each["id"], each["url"], state, " ".join(each["types"] or ["all"]))))


@webhook.command("create")
@click.argument("url")
@click.option("--type", "types", multiple=True, help="What it is sent; several times. All if not given.")
@click.option("--description", default="", help="What it is for.")
@click.option("--include-body", is_flag=True, help="Send the words of messages, too.")
@as_json_option
@refusing
def create(url: str, types: tuple[str, ...], description: str, include_body: bool, as_json: bool) -> None:
    """Make a webhook, and print its secret, once."""
    now = clock.now()
    wanted = webhooks.Wanted(url, types or None, description, include_body)
    made, secret = webhooks.create(wanted=wanted, now=now)
    click.echo(json.dumps({**webhook_json(made), "secret": secret}) if as_json else f"{made.id} {secret}")


@webhook.command("end")
@click.argument("webhook_id", metavar="ID")
@as_json_option
@refusing
def end(webhook_id: str, as_json: bool) -> None:
    """End a webhook. What waits for it is not sent."""
    webhooks.end(webhook_id=webhook_id, now=clock.now())
    click.echo(json.dumps({"id": webhook_id, "ended": True}) if as_json else "Ended.")


@webhook.command("send-test")
@click.argument("webhook_id", metavar="[ID]", required=False)
@as_json_option
@refusing
def send_test(webhook_id: str | None, as_json: bool) -> None:
    """Send a ping now, to one webhook or to all that are enabled, and print what came back."""
    ids = [webhook_id] if webhook_id else [each.id for each in all_webhooks() if each.disabled_at is None]
    if not ids:
        raise click.ClickException("There is no webhook to send to. Make one: wellchat webhook create URL")
    for each in ids:
        event_id = webhooks.ping(webhook_id=each, now=clock.now())
        number(clock.now())
        sending.run(each, clock.now())
        found, _ = deliveries(each, state=None, limit=500, latest_first=True)
        tried = next((one.attempts for one in found if one.delivery.event_id == event_id), ())
        _print_try(each, event_id, tried[-1] if tried else None, as_json)


def _print_try(webhook_id: str, event_id: str, attempt: Any, as_json: bool) -> None:
    if attempt is None:
        said = {"status": None, "error": "Another run sends it, or it waits its turn.", "ms": None}
    else:
        said = {"status": attempt.status, "error": attempt.error, "ms": attempt.ms}
    if as_json:
        click.echo(json.dumps({"webhook": webhook_id, "event": event_id, **said}))
        return
    what = said["error"] or f"{said['status']} in {said['ms']} ms"
    click.echo(f"{webhook_id} {event_id} {what}")


@webhook.command("listen")
@click.option("--port", type=click.IntRange(1, 65535), default=8765, show_default=True)
@refusing
def listen(port: int) -> None:
    """Receive webhooks on this machine, verify them, and print each event once. Ctrl-C ends it.

    It makes a webhook for itself, and ends it again. WELLCHAT_WEBHOOK_ANYWHERE=on lets them come here.
    """
    now = clock.now()
    url = f"http://127.0.0.1:{port}/"
    wanted = webhooks.Wanted(url, description="wellchat webhook listen")
    with listening.bound(port) as server:
        made, secret = webhooks.create(wanted=wanted, now=now)
        click.echo(f"Listening on {url} as webhook {made.id}.", err=True)
        try:
            listening.serve(server, secret, click.echo)
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
        finally:
            webhooks.end(webhook_id=made.id, now=clock.now())
