"""People, for administrators with the duty: found on record, and acted on with a reason."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.duties import ADMIN_ROLES
from wellchat.accounts.models import ROLE_LABELS, User
from wellchat.accounts.proof import fresh_proof
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.forms import read_form
from wellchat.i18n import N_, gettext
from wellchat.reasons import MAX_REASON
from wellchat.safety import people, queries
from wellchat.safety.forms import Act, SearchPeople
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("people", __name__, url_prefix="/oversight/people")

MEASURE_LABELS = {
    "warn": N_("Warned"),
    "remove": N_("Message removed"),
    "pause": N_("Stopped from sending"),
    "end": N_("Connection ended"),
    "disable": N_("Account disabled"),
    "enable": N_("Account enabled"),
    "sign_out": N_("Signed out everywhere"),
    "role": N_("Role changed"),
}
ADMIN_ROLE_LABELS = {
    "owner": N_("Owner"),
    "support": N_("Support"),
    "moderator": N_("Moderator"),
    "auditor": N_("Auditor"),
}


def _check_duty() -> User:
    admin = viewer()
    if not admin.may("people"):
        raise NotFound
    return admin


@pages.get("")
@signed_in
@fresh_proof
def index() -> str:
    """Show the form of a search."""
    _check_duty()
    return render_template("safety/people.html", typed={}, errors={}, found=None, next=None)


@pages.post("")
@signed_in
@fresh_proof
@limiter.limit("30/minute")
def search() -> str | tuple[str, int]:
    """Search on record. A search is sent as a form, so that no address stands in a log of addresses."""
    admin = _check_duty()
    try:
        form = read_form(SearchPeople)
        found, following = queries.search_people(
            admin, q=form.q, case_number=form.case, before=form.before or None, now=clock.now()
        )
    except Invalid as refusal:
        errors = refusal.errors
        return render_template(
            "safety/people.html", typed=request.form, errors=errors, found=None, next=None
        ), 422
    shown = [queries.least_of(each) for each in found]
    return render_template("safety/people.html", typed=request.form, errors={}, found=shown, next=following)


@pages.get("/<user_id>")
@signed_in
@fresh_proof
def person(user_id: str) -> str:
    """Show a person, what was done about them, and what can be done."""
    return _page(user_id)


def _page(user_id: str, errors: dict[str, str] | None = None) -> str:
    admin = _check_duty()
    found = queries.person_page(admin, user_id, now=clock.now())
    return render_template(
        "safety/one_person.html",
        person=found,
        measures=queries.measures_about(admin, user_id),
        labels=MEASURE_LABELS,
        roles=[(name, gettext(label)) for name, label in ROLE_LABELS.items()],
        admin_roles=[(name, gettext(ADMIN_ROLE_LABELS[name])) for name in ADMIN_ROLES],
        its_roles=found.admin_roles.split(),
        may_change_roles=admin.may("settings"),
        max_reason=MAX_REASON,
        typed=request.form if errors else {},
        errors=errors or {},
    )


@pages.post("/<user_id>")
@signed_in
@fresh_proof
@limiter.limit("30/minute")
def act(user_id: str) -> Response | tuple[str, int]:
    """Disable, enable, sign out, or change the role of a person."""
    admin = _check_duty()
    try:
        form = read_form(Act)
        _act(admin, user_id, form)
    except Invalid as refusal:
        return _page(user_id, refusal.errors), 422
    except Conflict as refusal:
        return _page(user_id, {"form": refusal.detail}), 409
    flash(gettext("Done, and kept on record."), "good")
    return redirect(url_for("people.person", user_id=user_id), 303)


def _act(admin: User, user_id: str, form: Act) -> None:
    now = clock.now()
    if form.act == "disable":
        people.disable(by=admin, user_id=user_id, reason=form.reason, now=now)
    elif form.act == "enable":
        people.enable(by=admin, user_id=user_id, reason=form.reason, now=now)
    elif form.act == "sign_out":
        people.sign_out(by=admin, user_id=user_id, reason=form.reason, now=now)
    else:
        _change_role(admin, user_id, form)


def _change_role(admin: User, user_id: str, form: Act) -> None:
    if not admin.may("settings"):
        raise NotFound
    if form.role is None:
        raise Invalid({"role": gettext("Choose a role.")})
    chosen = [name for name in ADMIN_ROLES if request.form.get(f"admin_{name}")]
    people.change_role(
        by=admin, user_id=user_id, role=form.role, admin_roles=chosen, reason=form.reason, now=clock.now()
    )
