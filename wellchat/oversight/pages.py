"""Serve `/oversight`: for administrators only; for everybody else it does not exist."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.models import User
from wellchat.accounts.proof import fresh_proof
from wellchat.attachments.serving import send_original, send_thumbnail
from wellchat.config import setting
from wellchat.errors import Invalid, NotFound
from wellchat.forms import read_form, read_query
from wellchat.messaging.forms import ThreadQuery
from wellchat.messaging.serializers import whole_messages_json
from wellchat.oversight import actions, quality, queries
from wellchat.oversight.forms import AccessReason, ListPage, Search
from wellchat.oversight.models import AccessGrant, OversightSearch
from wellchat.web import signed_in, viewer

pages = Blueprint("oversight", __name__, url_prefix="/oversight")


def _administrator() -> User:
    """Return the signed-in administrator. Raises NotFound for anybody else: they learn of nothing here."""
    if not viewer().is_admin:
        raise NotFound
    return viewer()


@pages.get("")
@signed_in
@fresh_proof
def index() -> str:
    """Show the form that searches, and the accesses that are open or wait for somebody."""
    return _index({})


def _index(errors: dict[str, str]) -> str:
    admin = _administrator()
    may_look = admin.may("conversations")
    return render_template(
        "oversight/index.html",
        may_look=may_look,
        errors=errors,
        term=request.form.get("term", ""),
        reason=request.form.get("reason", ""),
        open_grants=queries.open_grants(admin, clock.now()) if may_look else [],
        waiting_grants=queries.grants_to_approve(admin, clock.now()) if may_look else [],
        lifetime=queries.GRANT_LIFETIME,
    )


@pages.post("/searches")
@signed_in
@fresh_proof
def search() -> Response | tuple[str, int]:
    """Record what is searched for, and why; the term stands in no address, and so in no log of a proxy."""
    admin = _administrator()
    try:
        form = read_form(Search)
        entry = actions.search(admin=admin, term=form.term, reason=form.reason, now=clock.now())
    except Invalid as refusal:
        return _index(refusal.errors), 422
    return redirect(url_for("oversight.results", search_id=entry.id), 303)


@pages.get("/searches/<search_id>")
@signed_in
@fresh_proof
def results(search_id: str) -> str:
    """Show what a search found: initials, kind and dates, no names and no titles."""
    return _results(queries.search_of(viewer(), search_id, clock.now()))


def _results(entry: OversightSearch, refused: str | None = None, errors: dict[str, str] | None = None) -> str:
    found, following = queries.results(entry, before=read_query(ListPage).before)
    actions.record_listing(entry, found=len(found), now=clock.now())
    return render_template(
        "oversight/results.html",
        search=entry,
        threads=found,
        next=following,
        refused=refused,
        errors=errors or {},
        reason=request.form.get("reason", entry.reason) if refused else entry.reason,
    )


@pages.post("/threads/<thread_id>/looks")
@signed_in
@fresh_proof
def request_access(thread_id: str) -> Response | tuple[str, int]:
    """Record the reason and open the conversation, or ask a second person to agree."""
    admin, form = _administrator(), None
    try:
        form = read_form(AccessReason)
        entry = actions.grant_access(admin=admin, thread_id=thread_id, reason=form.reason, now=clock.now())
    except Invalid as refusal:
        if form is None or not form.search:
            return _index(refusal.errors), 422
        found = queries.search_of(admin, form.search, clock.now())
        return _results(found, thread_id, refusal.errors), 422
    return redirect(url_for("oversight.show", grant_id=entry.id), 303)


@pages.post("/looks/<grant_id>/approve")
@signed_in
@fresh_proof
def approve(grant_id: str) -> Response:
    """Agree to somebody else's access."""
    actions.approve(admin=_administrator(), grant_id=grant_id, now=clock.now())
    return redirect(url_for("oversight.index"), 303)


@pages.post("/looks/<grant_id>/end")
@signed_in
def end(grant_id: str) -> Response:
    """End an access before its time, or refuse it."""
    actions.end_access(admin=_administrator(), grant_id=grant_id, now=clock.now())
    return redirect(url_for("oversight.index"), 303)


@pages.get("/looks/<grant_id>")
@signed_in
def show(grant_id: str) -> str:
    """Show the transcript of a conversation, while the grant is valid."""
    admin = _administrator()
    if waiting := queries.waiting_grant(admin, grant_id):
        return render_template("oversight/waiting.html", grant=waiting)
    entry, thread = queries.grant_of(admin, grant_id, clock.now())
    found = queries.transcript(entry, before=read_query(ThreadQuery).before)
    first, last = (found[0].seq, found[-1].seq) if found else (0, 0)
    actions.record_reading("look.page_read", entry, now=clock.now(), first=first, last=last)
    return render_template(
        "oversight/transcript.html",
        grant=entry,
        ends_at=_end_of(entry),
        thread=thread,
        people={thread.client_id: thread.client, thread.professional_id: thread.professional},
        messages=[_on_record(message, grant_id) for message in whole_messages_json(found, admin.id)],
        earlier=queries.earlier_texts(entry, found),
        grants=queries.grants_for(admin, thread.id),
    )


def _end_of(grant: AccessGrant) -> Any:
    return grant.approved_at + queries.GRANT_LIFETIME if grant.approved_at else None


def _on_record(message: dict[str, Any], grant_id: str) -> dict[str, Any]:
    """Return the message with links to its files that lead through the grant."""
    for file in message["attachments"]:
        for name in ("url", "thumbnail_url"):
            file[name] = file[name] and f"/oversight/looks/{grant_id}{file[name]}"
    return message


@pages.get("/looks/<grant_id>/attachments/<attachment_id>/<name>")
@signed_in
def file(grant_id: str, attachment_id: str, name: str) -> Response:
    """Return a file of the conversation."""
    grant, found = queries.file_under_grant(viewer(), grant_id, attachment_id, clock.now())
    actions.record_reading("look.file_read", grant, now=clock.now(), file=found.id)
    return send_original(found)


@pages.get("/looks/<grant_id>/attachments/<attachment_id>/thumbnail")
@signed_in
def thumbnail(grant_id: str, attachment_id: str) -> Response:
    """Return the thumbnail of a file of the conversation. The page that shows it is on record."""
    return send_thumbnail(queries.file_under_grant(viewer(), grant_id, attachment_id, clock.now())[1])


@pages.get("/quality")
@signed_in
@fresh_proof
def figures() -> str:
    """Show patterns across relationships, as counts."""
    admin = _administrator()
    if not admin.may("audit"):
        raise NotFound
    return render_template(
        "oversight/quality.html", figures=quality.figures(clock.now()), min_shown=quality.MIN_SHOWN,
        name=setting("NAME"),
    )  # fmt: skip
