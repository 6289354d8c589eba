"""The queue of reports, for moderators; for everybody else it does not exist."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.proof import fresh_proof
from wellchat.errors import Conflict, Invalid
from wellchat.forms import read_form, read_query
from wellchat.i18n import N_, gettext
from wellchat.messaging.serializers import whole_messages_json
from wellchat.reasons import MAX_REASON
from wellchat.safety import between, moderation
from wellchat.safety.forms import ListReports, Settle
from wellchat.safety.models import ALL_REPORT_KINDS, DISABLE, END, NOTHING, PAUSE, REMOVE, WARN
from wellchat.safety.people import PAUSE_DAYS
from wellchat.web import signed_in, viewer

pages = Blueprint("reports", __name__, url_prefix="/oversight/reports")

OUTCOME_LABELS = {
    NOTHING: N_("Nothing"),
    WARN: N_("Warn the person"),
    REMOVE: N_("Remove the message"),
    PAUSE: N_("Stop them from sending for some days"),
    END: N_("End the connection"),
    DISABLE: N_("Disable the account"),
}
STATE_LABELS = {"open": N_("New"), "taken": N_("Taken"), "done": N_("Done")}


@pages.get("")
@signed_in
@fresh_proof
def queue() -> str:
    """List the reports that wait, or those that are settled."""
    query = read_query(ListReports)
    found, following = moderation.queue(viewer(), settled=query.settled, before=query.before)
    return render_template(
        "safety/reports.html",
        reports=found,
        next=following,
        settled=query.settled,
        figures=moderation.figures(viewer(), clock.now()),
        kinds=ALL_REPORT_KINDS,
        states=STATE_LABELS,
        outcomes=OUTCOME_LABELS,
        at=clock.now(),
    )


@pages.get("/<report_id>")
@signed_in
@fresh_proof
def show(report_id: str) -> str:
    """Show a report; what its reporter shows only to who has taken it."""
    return _page(report_id)


def _page(report_id: str, errors: dict[str, str] | None = None) -> str:
    moderator, now = viewer(), clock.now()
    report = moderation.report_for(moderator, report_id)
    mine = report.taken_by == moderator.id
    messages, earlier = (
        moderation.view(moderator=moderator, report_id=report_id, now=now) if mine else ([], {})
    )
    return render_template(
        "safety/one_report.html",
        report=report,
        mine=mine,
        messages=whole_messages_json(messages, moderator.id),
        earlier=earlier,
        people={person.id: person for person in (report.by, report.about) if person is not None},
        kinds=ALL_REPORT_KINDS,
        states=STATE_LABELS,
        outcomes=[(name, gettext(OUTCOME_LABELS[name])) for name in moderation.measures_of(report)],
        outcome=OUTCOME_LABELS.get(report.outcome or ""),
        days=[(days, str(days)) for days in PAUSE_DAYS],
        max_reason=MAX_REASON,
        typed=request.form if errors else {},
        errors=errors or {},
        at=now,
    )


@pages.post("/<report_id>/take")
@signed_in
@fresh_proof
def take(report_id: str) -> Response:
    """Take a report."""
    try:
        moderation.take(moderator=viewer(), report_id=report_id, now=clock.now())
    except Conflict as refusal:
        flash(refusal.detail, "danger")
    return redirect(url_for("reports.show", report_id=report_id), 303)


@pages.post("/<report_id>/settle")
@signed_in
@fresh_proof
def settle(report_id: str) -> Response | tuple[str, int]:
    """Settle a report."""
    moderation.report_for(viewer(), report_id)
    try:
        form = read_form(Settle)
        moderation.settle(moderator=viewer(), report_id=report_id, now=clock.now(), **form.model_dump())
    except Invalid as refusal:
        return _page(report_id, refusal.errors), 422
    except Conflict as refusal:
        flash(refusal.detail, "danger")
        return redirect(url_for("reports.show", report_id=report_id), 303)
    flash(gettext("Settled. Both people are told what concerns them."), "good")
    return redirect(url_for("reports.queue"), 303)


@pages.post("/<report_id>/reopen")
@signed_in
@fresh_proof
def reopen(report_id: str) -> Response:
    """Open a connection again that an administrator ended."""
    report = moderation.report_for(viewer(), report_id)
    between.reopen_as_moderator(moderator=viewer(), thread_id=report.thread_id, now=clock.now())
    flash(gettext("The two can write to each other again."), "good")
    return redirect(url_for("reports.show", report_id=report_id), 303)
