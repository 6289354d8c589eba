"""Pages of the ledger: people read their own mails and why they came; administrators read everybody's."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.proof import fresh_proof
from wellchat.audit.actions import record
from wellchat.claims import FAILED, QUEUED, SENDING, SENT, SKIPPED, UNKNOWN
from wellchat.db import transaction
from wellchat.errors import Conflict, NotFound
from wellchat.forms import read_query
from wellchat.i18n import N_, gettext
from wellchat.mail import actions
from wellchat.mail_ledger import queries
from wellchat.mail_ledger.forms import ListMails
from wellchat.sealed_query import address, lead_to
from wellchat.web import safe_next, signed_in, viewer

ledger = Blueprint("ledger", __name__)

FILTERS = ("state", "name", "person", "reason")
WORDS = ("person", "reason")
STATE_LABELS = {
    QUEUED: N_("Queued"),
    SENDING: N_("Sending"),
    SENT: N_("Sent"),
    SKIPPED: N_("Skipped"),
    FAILED: N_("Failed"),
    UNKNOWN: N_("Unknown"),
}


@ledger.get("/settings/emails")
@signed_in
def mine() -> str:
    filters = read_query(ListMails)
    found, following = queries.ledger_of(viewer(), before=filters.before, limit=filters.limit)
    names = queries.thread_names(viewer(), found)
    return render_template("mail/my_mails.html", mails=found, next=following, threads=names)


def _earlier(filters: ListMails, following: str) -> str:
    given = {name: getattr(filters, name) for name in FILTERS}
    return address("/oversight/emails", given | {"before": following}, words=WORDS)


@ledger.get("/oversight/emails")
@signed_in
@fresh_proof
def all_mails() -> str:
    filters = read_query(ListMails)
    if not viewer().may("mail"):
        raise NotFound
    # Before the list: where the record cannot be written, nobody is shown.
    record("mails.listed", now=clock.now(), detail={"of_person": bool(filters.person)})
    found, following = queries.whole_ledger(viewer(), filters)
    return render_template(
        "mail/ledger.html",
        mails=found,
        next=_earlier(filters, following) if following else None,
        filters=filters,
        states=[("", gettext("All")), *((state, gettext(label)) for state, label in STATE_LABELS.items())],
        problem_counts=queries.problem_counts(viewer()),
        here=request.full_path,
    )


@ledger.post("/oversight/emails")
@signed_in
def narrow() -> Response:
    """Take the filters, of which the person must stand in no address, and lead to the mails."""
    if not viewer().may("mail"):
        raise NotFound
    return lead_to("/oversight/emails", FILTERS, words=WORDS)


@ledger.post("/oversight/emails/<mail_id>/resend")
@signed_in
@fresh_proof
def resend(mail_id: str) -> Response:
    if not viewer().may("mail"):
        raise NotFound
    now = clock.now()
    try:
        with transaction():
            mail = actions.resend(mail_id=mail_id, now=now, by=viewer().name)
            record("mails.resent", now=now, person_id=mail.user_id, about=("mail", mail_id))
        flash(gettext("Sent again to %(address)s.", address=mail.address), "good")
    except Conflict as refusal:
        flash(str(refusal), "danger")
    return redirect(safe_next(request.form.get("next") or "/oversight/emails"), 303)
