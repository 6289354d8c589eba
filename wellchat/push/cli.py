"""`wellchat push`: the installation's key."""

from __future__ import annotations

import json

import click
from flask.cli import AppGroup

from wellchat.push import keys as vapid

push = AppGroup("push", help="Push to the devices of who is away.")


@push.command("keys")
@click.option("--private", is_flag=True, help="The private key too, as WELLCHAT_VAPID_KEY of a second host.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
def keys(private: bool, as_json: bool) -> None:
    """Print the public key that browsers subscribe to; one is made where there is none."""
    found = {"public_key": vapid.public_key()} | ({"private_key": vapid.private_key()} if private else {})
    click.echo(json.dumps(found) if as_json else "\n".join(found.values()))
