"""Serve the figures: a professional's own, those of a pair, and for administrators those of everybody."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request

from wellchat import clock
from wellchat.accounts.models import User
from wellchat.accounts.proof import fresh_proof
from wellchat.audit.actions import record
from wellchat.connections.queries import person_for
from wellchat.errors import Invalid, NotFound
from wellchat.figures import csv_lines, patterns, queries, shown, withheld
from wellchat.figures.days import Span, day_of
from wellchat.figures.histogram import ERROR
from wellchat.figures.pair import pair_figures
from wellchat.figures.ranges import PRESETS, Range, span_of
from wellchat.forms import read_query
from wellchat.i18n import gettext
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("figures", __name__)


def _professional() -> User:
    if not viewer().is_professional:
        raise NotFound
    return viewer()


def _auditor() -> User:
    """Return the administrator. Raises NotFound for anybody else: they learn of nothing here."""
    if not viewer().may("audit"):
        raise NotFound
    return viewer()


@pages.get("/figures")
@signed_in
def index() -> str | tuple[str, int]:
    """Show a professional their own figures."""
    return _page(_professional(), everybody=False)


@pages.get("/figures/csv")
@signed_in
@limiter.limit("60/hour")
def download() -> Response:
    """Download what the page shows, as CSV."""
    return _csv(_professional(), everybody=False)


@pages.get("/oversight/figures")
@signed_in
@fresh_proof
def everybody() -> str | tuple[str, int]:
    """Show administrators the figures of everybody."""
    return _page(_auditor(), everybody=True)


@pages.get("/oversight/figures/csv")
@signed_in
@fresh_proof
@limiter.limit("60/hour")
def download_everybody() -> Response:
    """Download what the page shows, as CSV. The download is on record."""
    admin = _auditor()
    report = _report(admin, everybody=True)
    # Before the first line: where the record cannot be written, nothing leaves.
    days = {"from": report.span.first.isoformat(), "to": report.span.last.isoformat()}
    record("figures.exported", now=clock.now(), actor_id=admin.id, detail=days)
    return _as_csv(report)


def _report(reader: User, *, everybody: bool, span: Span | None = None) -> queries.Report:
    now = clock.now()
    span = span or span_of(read_query(Range), day_of(now, reader.time_zone))
    series = queries.series_of(reader, everybody=everybody)
    return queries.report(series, span, zone=reader.time_zone, now=now, everybody=everybody)


def _page(reader: User, *, everybody: bool) -> str | tuple[str, int]:
    errors: dict[str, str] = {}
    try:
        report = _report(reader, everybody=everybody)
    except Invalid as refusal:
        errors = refusal.errors
        today = day_of(clock.now(), reader.time_zone)
        report = _report(reader, everybody=everybody, span=span_of(Range(), today))
    days = {"from": report.span.first.isoformat(), "to": report.span.last.isoformat()}
    page = render_template(
        "figures/everybody.html" if everybody else "figures/index.html",
        report=report,
        lines=report.lines(),
        drawings=shown.drawings(report),
        presets=PRESETS,
        preset="" if "from" in request.args else request.args.get("preset", "30"),
        typed={name: request.args.get(name, "") for name in days} if errors else days,
        errors=errors,
        path=request.path,
        csv=f"{request.path}/csv?{urlencode(days)}",
        error_bound=ERROR,
        min_people=withheld.MIN_PEOPLE,
    )
    return (page, 422) if errors else page


def _csv(reader: User, *, everybody: bool) -> Response:
    return _as_csv(_report(reader, everybody=everybody))


def _as_csv(report: queries.Report) -> Response:
    # The days are read; the lines are made while they are sent, and need neither database nor context.
    response = Response(csv_lines.lines(report), content_type="text/csv; charset=utf-8")
    name = f"figures-{report.span.first}-{report.span.last}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@pages.get("/figures/with/<user_id>")
@signed_in
def pair(user_id: str) -> str:
    """Show a professional the figures of themselves and one client."""
    found = pair_figures(_professional(), user_id)
    return render_template(
        "figures/pair.html",
        person=person_for(viewer(), user_id),
        figures=found,
        drawing=shown.drawing_of_months(found.months),
    )


@pages.get("/oversight/patterns")
@signed_in
@fresh_proof
def show_patterns() -> str:
    """Show of how many people a pattern across relationships is true."""
    return _patterns()


@pages.post("/oversight/patterns")
@signed_in
@fresh_proof
@limiter.limit("60/hour")
def show_people() -> str | tuple[str, int]:
    """Show who it is, with a reason that stays on record."""
    name, reason = request.form.get("pattern", ""), request.form.get("reason", "")
    try:
        found = patterns.people(admin=viewer(), name=name, reason=reason, now=clock.now())
    except Invalid as refusal:
        return _patterns(name, reason, errors=refusal.errors), 422
    return _patterns(name, reason, found)


def _patterns(
    name: str = "", reason: str = "", found: list[patterns.Found] | None = None,
    errors: dict[str, str] | None = None,
) -> str:  # fmt: skip
    if not viewer().may("moderate"):
        raise NotFound
    return render_template(
        "figures/patterns.html",
        patterns=patterns.PATTERNS,
        translated_patterns=[(key, gettext(label)) for key, label in patterns.PATTERNS.items()],
        true_of=patterns.counts(clock.now()),
        chosen=name or next(iter(patterns.PATTERNS)),
        reason=reason,
        found=found,
        errors=errors or {},
        min_people=withheld.MIN_PEOPLE,
    )
