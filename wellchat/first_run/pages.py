"""Serve the list of first steps to owners."""

from __future__ import annotations

from flask import Blueprint, render_template

from wellchat.errors import NotFound
from wellchat.first_run.queries import DONE, steps
from wellchat.web import signed_in, viewer

pages = Blueprint("first_run", __name__)


@pages.get("/oversight/first-steps")
@signed_in
def show() -> str:
    """Show what the installation still lacks."""
    owner = viewer()
    if not owner.may("settings"):
        raise NotFound
    found = steps(owner)
    return render_template(
        "first_run/steps.html",
        steps=found,
        done=sum(step.state == DONE for step in found),
    )
