"""The page of a subject, and the button that claims a lead."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.queries import person_json
from wellchat.connections.queries import trade_between
from wellchat.i18n import gettext
from wellchat.subjects import actions
from wellchat.subjects.queries import subject_by_id, subject_json
from wellchat.web import signed_in, viewer

pages = Blueprint("subjects", __name__, url_prefix="/subjects/<subject_id>")


@pages.get("")
@signed_in
def subject(subject_id: str) -> str:
    user = viewer()
    found = subject_by_id(user, subject_id)
    other = found.client if user.id == found.professional_id else found.professional
    trade = trade_between(user.id, other.id) if other else None
    return render_template(
        "subjects/subject.html",
        subject=subject_json(found, user, trade),
        visit=gettext(found.declared.visit),
        person=person_json(other, trade) if other else None,
    )


@pages.post("/claim")
@signed_in
def claim(subject_id: str) -> Response:
    """Claim a lead, and redirect to its thread; to its page if it has no client to talk with."""
    _, thread_id, _ = actions.claim(viewer=viewer(), subject_id=subject_id, now=clock.now())
    if thread_id is None:
        return redirect(url_for("subjects.subject", subject_id=subject_id), 303)
    return redirect(url_for("messaging.thread", thread_id=thread_id), 303)
