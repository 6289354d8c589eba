"""The page on which owners see how the database does, and what waits."""

from __future__ import annotations

from flask import Blueprint, render_template

from wellchat import clock
from wellchat.accounts.proof import fresh_proof
from wellchat.config import setting
from wellchat.errors import NotFound
from wellchat.installation.database import health
from wellchat.installation.waiting import QUEUES, waiting
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("installation", __name__)


@pages.get("/oversight/health")
@signed_in
@fresh_proof
@limiter.limit("60/minute")  # the sizes of tables read much
def show() -> str:
    """Show the database and the queues as they are now. Raises NotFound for anybody but an owner."""
    if not viewer().may("settings"):
        raise NotFound
    now = clock.now()
    return render_template(
        "installation/health.html",
        database=health(),
        queues=[(queue.name, waiting(queue, now)) for queue in QUEUES],
        threshold=setting("SLOW_STATEMENT"),
    )
