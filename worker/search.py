"""Doorbells of search."""

from typing import Any

from wellchat.jobs import celery
from wellchat.search import actions


@celery.task(name="search.index")
def index(**_: Any) -> None:
    """Messages wait to be put into the index."""
    actions.index()
