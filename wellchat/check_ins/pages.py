"""Pages of check-ins: the rules of a professional, and what is between the two people of a conversation."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.check_ins import actions, planning
from wellchat.check_ins.forms import (
    MAX_NAME,
    PLACEHOLDERS,
    LeaveOut,
    NoteBirthday,
    PauseRule,
    RefuseCheckIns,
    SaveLimit,
    SaveRule,
)
from wellchat.check_ins.mail_links import connection_of, refuse_by_link
from wellchat.check_ins.models import OCCASIONS, CheckInRule
from wellchat.check_ins.reasons import BY_HAND, REASONS
from wellchat.errors import Conflict, Invalid
from wellchat.forms import read_form
from wellchat.i18n import gettext, month_names
from wellchat.messaging.forms import MAX_BODY
from wellchat.messaging.queries import thread_for
from wellchat.notifications.chosen_time import on_clock
from wellchat.web import csrf_exempt, limiter, signed_in, viewer

pages = Blueprint("check_ins", __name__)


@pages.get("/check-ins")
@signed_in
def index() -> str:
    """Show the rules, and who gets what on which day."""
    return _index({})


def _index(errors: dict[str, str]) -> str:
    user, now = viewer(), clock.now()
    actions.check_professional(user)
    planned = [
        {"each": each, "day": on_clock(each.occasion.due_at, user.time_zone)}
        for each in planning.plan(user, now)
    ]
    return render_template(
        "check_ins/index.html",
        rules=planning.rules_of(user),
        planned=planned,
        lately=planning.lately(user),
        per_month=request.form.get("per_month") if errors else planning.per_month(user.id),
        errors=errors,
        occasions=OCCASIONS,
        reasons=REASONS,
        by_hand=BY_HAND,
    )


@pages.get("/check-ins/rules/new")
@signed_in
def new() -> str:
    """Show the form of a new rule."""
    return _form({"occasion": "last_booking", "days": 42, "hour": 10}, {})


def _form(typed: dict[str, Any], errors: dict[str, str], rule: CheckInRule | None = None) -> str:
    actions.check_professional(viewer())
    return render_template(
        "check_ins/rule.html",
        rule=rule,
        typed=typed,
        errors=errors,
        occasions=[(name, gettext(label)) for name, label in OCCASIONS.items()],
        hours=[(hour, f"{hour:02}:00") for hour in range(24)],
        placeholders=PLACEHOLDERS,
        max_name=MAX_NAME,
        max_body=MAX_BODY,
    )


@pages.post("/check-ins/rules")
@signed_in
@limiter.limit("60/hour")
def make() -> Response | tuple[str, int]:
    """Make a rule."""
    actions.check_professional(viewer())
    try:
        actions.make_rule(viewer=viewer(), now=clock.now(), **read_form(SaveRule).model_dump())
    except Invalid as refusal:
        return _form(dict(request.form), refusal.errors), 422
    flash(gettext("The rule stands. Below is who gets what."), "good")
    return _to_index()


def _to_index() -> Response:
    return redirect(url_for("check_ins.index"), 303)


@pages.get("/check-ins/rules/<rule_id>")
@signed_in
def show(rule_id: str) -> str:
    """Show the form of a rule."""
    rule = actions.rule_for(viewer(), rule_id)
    typed = {name: getattr(rule, name) for name in ("name", "occasion", "days", "hour", "body")}
    return _form(typed, {}, rule)


@pages.post("/check-ins/rules/<rule_id>")
@signed_in
@limiter.limit("60/hour")
def save(rule_id: str) -> Response | tuple[str, int]:
    """Change a rule."""
    rule = actions.rule_for(viewer(), rule_id)
    try:
        values = read_form(SaveRule).model_dump()
        actions.change_rule(viewer=viewer(), rule_id=rule_id, now=clock.now(), **values)
    except Invalid as refusal:
        return _form(dict(request.form), refusal.errors, rule), 422
    return _to_index()


@pages.post("/check-ins/rules/<rule_id>/pause")
@signed_in
def pause(rule_id: str) -> Response:
    """Pause a rule, or let it go on."""
    paused = read_form(PauseRule).paused
    actions.pause_rule(viewer=viewer(), rule_id=rule_id, paused=paused, now=clock.now())
    return _to_index()


@pages.post("/check-ins/rules/<rule_id>/delete")
@signed_in
def delete(rule_id: str) -> Response:
    """Delete a rule."""
    actions.delete_rule(viewer=viewer(), rule_id=rule_id)
    flash(gettext("The rule is deleted. What it sent stays in the conversations."), "good")
    return _to_index()


@pages.post("/check-ins/rules/<rule_id>/leave-out")
@signed_in
def leave_out(rule_id: str) -> Response:
    """Leave one check-in out, or take that back."""
    actions.rule_for(viewer(), rule_id)
    form = read_form(LeaveOut)
    try:
        actions.leave_out(
            viewer=viewer(),
            rule_id=rule_id,
            connection_id=form.connection,
            occasion_key=form.occasion,
            on=form.on,
            now=clock.now(),
        )
    except Conflict as refusal:
        flash(refusal.detail, "danger")
    return _to_index()


@pages.post("/check-ins/limit")
@signed_in
def save_limit() -> Response | tuple[str, int]:
    """Set how many check-ins one person gets in a month."""
    try:
        actions.set_limit(viewer=viewer(), per_month=read_form(SaveLimit).per_month)
    except Invalid as refusal:
        return _index(refusal.errors), 422
    return _to_index()


@pages.get("/check-ins/no/<token>")
def refuse_by_mail(token: str) -> Response:
    """Show a button, and change nothing: mail scanners open every link of a mail before its reader does."""
    connection_of(token)
    return _refusal_page(done=False)


@pages.post("/check-ins/no/<token>")
@csrf_exempt
def confirm_refusal(token: str) -> Response:
    """Say no to check-ins by the link of a mail: no cookie, no redirect. The signature is the proof."""
    refuse_by_link(token, clock.now())
    return _refusal_page(done=True)


def _refusal_page(*, done: bool) -> Response:
    response = make_response(render_template("check_ins/refuse.html", done=done))
    response.headers["Referrer-Policy"] = "no-referrer"  # the address is the secret
    return response


@pages.get("/threads/<thread_id>/check-ins")
@signed_in
def of_thread(thread_id: str) -> str:
    """Show whether the client wants check-ins, and their birthday."""
    return _of_thread(thread_id, {})


def _of_thread(thread_id: str, errors: dict[str, str]) -> str:
    view = thread_for(viewer(), thread_id)
    birthday = actions.birthday_of(view.thread.connection_id)
    typed = request.form if errors else {"day": birthday.day, "month": birthday.month} if birthday else {}
    return render_template(
        "check_ins/of_thread.html",
        thread_id=thread_id,
        other=view.other,
        is_client=view.thread.client_id == viewer().id,
        refused=actions.has_refused(view.thread.connection_id),
        typed=typed,
        errors=errors,
        months=_months(),
    )


def _months() -> list[tuple[str, str]]:
    return [
        ("", gettext("Not known")),
        *((str(number), name) for number, name in enumerate(month_names(), 1)),
    ]


@pages.post("/threads/<thread_id>/check-ins")
@signed_in
@limiter.limit("30/minute")
def refuse(thread_id: str) -> Response:
    """Say, as a client, whether check-ins are wanted."""
    refused = read_form(RefuseCheckIns).refused
    actions.refuse(viewer=viewer(), thread_id=thread_id, on=refused, now=clock.now())
    text = (
        gettext("You get no check-ins from them any more.")
        if refused
        else gettext("You get check-ins again.")
    )
    flash(text, "good")
    return redirect(url_for("check_ins.of_thread", thread_id=thread_id), 303)


@pages.post("/threads/<thread_id>/birthday")
@signed_in
@limiter.limit("30/minute")
def birthday(thread_id: str) -> Response | tuple[str, int]:
    """Write down the client's birthday, or forget it."""
    try:
        form = read_form(NoteBirthday)
        actions.note_birthday(viewer=viewer(), thread_id=thread_id, month=form.month, day=form.day)
    except Invalid as refusal:
        return _of_thread(thread_id, refusal.errors), 422
    flash(gettext("Saved."), "good")
    return redirect(url_for("check_ins.of_thread", thread_id=thread_id), 303)
