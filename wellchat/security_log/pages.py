"""Serve the security log to administrators with the duty `audit`, and their own part of it to everybody."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Flask, Response, current_app, render_template
from werkzeug.wrappers import Response as BaseResponse

from wellchat import clock
from wellchat.accounts.proof import fresh_proof
from wellchat.audit import chain
from wellchat.audit import queries as log
from wellchat.audit.actions import record
from wellchat.audit.csv_lines import csv_head, csv_line
from wellchat.audit.kinds import SEVERITIES
from wellchat.audit.models import DONE, FAILED, OUTCOMES, REFUSED
from wellchat.errors import Invalid, NotFound
from wellchat.feature import registry
from wellchat.forms import read_form, read_query
from wellchat.i18n import N_, gettext
from wellchat.sealed_query import address, lead_to, query_args
from wellchat.security_log import queries
from wellchat.security_log.forms import AuditFilters, ExportAudit, ListActivity
from wellchat.web import signed_in, viewer

pages = Blueprint("security_log", __name__)

SEVERITY_LABELS = dict(zip(SEVERITIES, (N_("Ordinary"), N_("Notable"), N_("High")), strict=True))
OUTCOME_LABELS = {DONE: N_("Done"), REFUSED: N_("Refused"), FAILED: N_("Failed")}
WORDS = ("person",)
TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}


@pages.get("/oversight/audit")
@signed_in
@fresh_proof
def index() -> str | tuple[str, int]:
    """Show the rows that pass the filters."""
    errors: dict[str, str] = {}
    rows: list[queries.Row] = []
    asked: dict[str, str] = {}
    following, status = None, 200
    try:
        asked = query_args()
        rows, following = queries.page(viewer(), read_query(AuditFilters))
    except Invalid as refusal:
        errors, status = refusal.errors, refusal.status
    given = {name: asked[name] for name in AuditFilters.model_fields if asked.get(name)}
    page = render_template(
        "security_log/index.html",
        rows=rows,
        following=_address(given | {"before": following}) if following else None,
        errors=errors,
        given=given,
        kinds=sorted(
            ((name, queries.label_of(name)) for name in registry().audited), key=lambda each: each[1]
        ),
        severities=[(name, gettext(SEVERITY_LABELS[name])) for name in SEVERITIES],
        outcomes=[(name, gettext(OUTCOME_LABELS[name])) for name in OUTCOMES],
    )
    return page, status


def _address(given: dict[str, str]) -> str:
    return address("/oversight/audit", given, words=WORDS)


@pages.post("/oversight/audit")
@signed_in
def narrow() -> BaseResponse:
    """Take the filters, of which the person must stand in no address, and lead to the rows."""
    if not viewer().may("audit"):
        raise NotFound
    return lead_to("/oversight/audit", tuple(AuditFilters.model_fields), words=WORDS)


@pages.post("/oversight/audit/export")
@signed_in
@fresh_proof
def export() -> Response:
    """Download the rows that pass the filters, oldest first. The download is a row of its own."""
    form = read_form(ExportAudit)
    filters = queries.filters_of(viewer(), form)
    # Before the first line: where the record cannot be written, nothing leaves.
    record("audit.exported", now=clock.now(), detail={"format": form.form})
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    response = Response(_lines(app, filters, form.form), content_type=TYPES[form.form])
    response.headers["Content-Disposition"] = f'attachment; filename="security-log.{form.form}"'
    return response


def _lines(app: Flask, filters: log.Filters, form: str) -> Iterator[str]:
    """Yield the lines of a download. Between two batches no connection is held: a client may read slowly."""
    line = csv_line if form == "csv" else lambda row: f"{chain.line(row)}\n"
    yield csv_head() if form == "csv" else ""
    last = None
    while True:
        # A context of its own: that of the request has ended when the response is read.
        with app.app_context():
            found = log.batch(filters, last)
        if not found:
            return
        yield "".join(map(line, found))
        last = found[-1]


@pages.get("/settings/activity")
@signed_in
def activity() -> str:
    """Show what happened with one's own account in the last 90 days."""
    now = clock.now()
    found, following = queries.activity(viewer(), now=now, before=read_query(ListActivity).before)
    return render_template("security_log/activity.html", rows=found, following=following)
