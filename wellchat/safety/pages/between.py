"""The pages from a conversation's menu: block, end, report. Each says what happens before it does."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.config import setting
from wellchat.errors import Conflict, Invalid
from wellchat.forms import read_form, read_query
from wellchat.i18n import gettext
from wellchat.messaging.queries import message_for, thread_for
from wellchat.messaging.serializers import message_json, thread_json
from wellchat.safety import between
from wellchat.safety.forms import MakeReport, ReportPage
from wellchat.safety.models import REPORT_KINDS, SHOWN_MESSAGES, UNSAFE
from wellchat.safety.reports import MAX_WORDS, make_report, my_reports
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("safety", __name__, url_prefix="/threads/<thread_id>")


def _confirm(template: str, thread_id: str) -> str:
    view = thread_for(viewer(), thread_id)
    thread = thread_json(view, viewer(), now=clock.now())
    return render_template(f"safety/{template}.html", thread=thread)


@pages.get("/block")
@signed_in
def confirm_block(thread_id: str) -> str:
    """Say what a block does, and ask."""
    return _confirm("block", thread_id)


@pages.post("/block")
@signed_in
@limiter.limit("30/hour")
def block(thread_id: str) -> Response:
    """Block the other person."""
    between.block(viewer=viewer(), thread_id=thread_id, now=clock.now())
    flash(gettext("Blocked. The conversation is in your archive."), "good")
    return _back(thread_id)


@pages.post("/unblock")
@signed_in
@limiter.limit("30/hour")
def unblock(thread_id: str) -> Response:
    """Take the block back."""
    between.unblock(viewer=viewer(), thread_id=thread_id, now=clock.now())
    return _back(thread_id)


@pages.get("/end")
@signed_in
def confirm_end(thread_id: str) -> str:
    """Say what the end of a connection means, and ask."""
    return _confirm("end", thread_id)


@pages.post("/end")
@signed_in
@limiter.limit("30/hour")
def end(thread_id: str) -> Response:
    """End the connection."""
    try:
        between.end_connection(viewer=viewer(), thread_id=thread_id, now=clock.now())
    except Conflict as refusal:
        flash(refusal.detail, "danger")
    return _back(thread_id)


@pages.post("/reopen")
@signed_in
@limiter.limit("30/hour")
def reopen(thread_id: str) -> Response:
    """Open a connection again that the viewer ended."""
    try:
        between.reopen_connection(viewer=viewer(), thread_id=thread_id, now=clock.now())
    except Conflict as refusal:
        flash(refusal.detail, "danger")
    return _back(thread_id)


@pages.get("/report")
@signed_in
def report_page(thread_id: str) -> str:
    """Show the form of a report, and the viewer's reports from this conversation."""
    return _report_page(thread_id, read_query(ReportPage).seq)


def _report_page(thread_id: str, seq: int | None, errors: dict[str, str] | None = None) -> str:
    user = viewer()
    view = thread_for(user, thread_id)
    message = message_json(message_for(user, thread_id, seq), user.id) if seq else None
    return render_template(
        "safety/report.html",
        thread=thread_json(view, user, now=clock.now()),
        message=message,
        reports=my_reports(user, thread_id),
        kinds=[(name, gettext(label)) for name, label in REPORT_KINDS.items()],
        labels=REPORT_KINDS,
        typed=request.form if errors else {},
        errors=errors or {},
        max_words=MAX_WORDS,
        shown_messages=SHOWN_MESSAGES,
        help_lines=setting("HELP_LINES"),
        unsafe=UNSAFE,
        sent=request.args.get("sent"),
    )


@pages.post("/report")
@signed_in
@limiter.limit("10/hour")
def report(thread_id: str) -> Response | tuple[str, int]:
    """Send a report, and show the receipt."""
    try:
        form = read_form(MakeReport)
        made = make_report(viewer=viewer(), thread_id=thread_id, now=clock.now(), **form.model_dump())
    except Invalid as refusal:
        # Raises NotFound for a stranger, who sees no page.
        thread_for(viewer(), thread_id)
        named = request.form.get("seq", type=int) if "seq" not in refusal.errors else None
        return _report_page(thread_id, named, refusal.errors), 422
    return redirect(url_for("safety.report_page", thread_id=thread_id, sent=made.kind), 303)


def _back(thread_id: str) -> Response:
    return redirect(url_for("messaging.thread", thread_id=thread_id), 303)
