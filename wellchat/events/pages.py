"""Pages of webhooks, for owners: what they are sent, and what they answered."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.proof import fresh_proof
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.events import webhooks
from wellchat.events.forms import EndForm, NewWebhookForm, ResendForm
from wellchat.events.webhook_queries import deliveries
from wellchat.events.webhook_queries import webhook as webhook_of
from wellchat.events.webhook_queries import webhooks as all_webhooks
from wellchat.feature import registry
from wellchat.forms import fill, read_form
from wellchat.i18n import gettext
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("webhooks", __name__, url_prefix="/oversight/webhooks")

SHOWN = 50  # deliveries
Page = str | tuple[str, int] | Response


def _check_owner() -> None:
    """Raise NotFound for anybody but an owner: they learn of nothing here."""
    if not viewer().may("settings"):
        raise NotFound


def _list(refusal: Invalid | None = None, secret: str | None = None) -> tuple[str, int]:
    page = render_template(
        "events/webhooks.html",
        webhooks=all_webhooks(),
        secret=secret,
        types=sorted(registry().events),
        chosen=request.form.getlist("types") if refusal else [],
        typed=request.form if refusal else {},
        errors=refusal.errors if refusal else {},
    )
    return page, 422 if refusal else 200


@pages.get("")
@signed_in
@fresh_proof
def show() -> Page:
    """Show the webhooks, and a form for a new one."""
    _check_owner()
    return _list()


@pages.post("")
@signed_in
@fresh_proof
@limiter.limit("30/hour")
def make() -> Page:
    """Make a webhook, and show its secret once."""
    _check_owner()
    try:
        given = {**request.form.to_dict(), "types": request.form.getlist("types")}
        form = fill(NewWebhookForm, given)
        wanted = webhooks.Wanted(form.url, tuple(form.types) or None, form.description, form.include_body)
        _, secret = webhooks.create(wanted=wanted, now=clock.now())
    except Invalid as refusal:
        return _list(refusal)
    except Conflict as refusal:
        return _list(Invalid({"url": refusal.detail}))
    return _list(secret=secret)


def _one(webhook_id: str, secret: str | None = None) -> str:
    found, _ = deliveries(webhook_id, state=None, limit=SHOWN, latest_first=True)
    return render_template(
        "events/webhook.html", webhook=webhook_of(webhook_id), deliveries=found, secret=secret
    )


@pages.get("/<webhook_id>")
@signed_in
@fresh_proof
def show_one(webhook_id: str) -> Page:
    """Show a webhook and its latest deliveries, each with every try."""
    _check_owner()
    return _one(webhook_id)


@pages.post("/<webhook_id>/rotate")
@signed_in
@fresh_proof
def rotate(webhook_id: str) -> Page:
    """Give a webhook a new secret, and show it once. The old one signs beside it for a day."""
    _check_owner()
    return _one(webhook_id, webhooks.rotate(webhook_id=webhook_id, grace_hours=24, now=clock.now()))


@pages.post("/<webhook_id>/ping")
@signed_in
@fresh_proof
@limiter.limit("60/hour")
def ping(webhook_id: str) -> Page:
    """Send a webhook an event to try it."""
    _check_owner()
    return _done(webhook_id, gettext("A ping is on its way."), lambda: _ping(webhook_id))


def _ping(webhook_id: str) -> None:
    webhooks.ping(webhook_id=webhook_id, now=clock.now())


@pages.post("/<webhook_id>/resend")
@signed_in
@fresh_proof
@limiter.limit("60/hour")
def resend(webhook_id: str) -> Page:
    """Send one event again."""
    _check_owner()
    event = read_form(ResendForm).event

    def again() -> None:
        webhooks.resend(webhook_id=webhook_id, event_id=event, now=clock.now())

    return _done(webhook_id, gettext("It is sent again."), again)


@pages.post("/<webhook_id>/enable")
@signed_in
@fresh_proof
def enable(webhook_id: str) -> Page:
    """Send a webhook events again, first of all a ping."""
    _check_owner()
    webhooks.enable(webhook_id=webhook_id, now=clock.now())
    return redirect(url_for("webhooks.show_one", webhook_id=webhook_id), 303)


@pages.post("/<webhook_id>/disable")
@signed_in
@fresh_proof
def disable(webhook_id: str) -> Page:
    """Send a webhook nothing more."""
    _check_owner()
    webhooks.disable(webhook_id=webhook_id, now=clock.now())
    return redirect(url_for("webhooks.show_one", webhook_id=webhook_id), 303)


@pages.post("/<webhook_id>/end")
@signed_in
@fresh_proof
def end(webhook_id: str) -> Page:
    """End a webhook."""
    _check_owner()
    webhook_of(webhook_id)
    read_form(EndForm)
    webhooks.end(webhook_id=webhook_id, now=clock.now())
    flash(gettext("The webhook has ended."), "good")
    return redirect(url_for("webhooks.show"), 303)


def _done(webhook_id: str, text: str, act: Any) -> Response:
    try:
        act()
        flash(text, "good")
    except Conflict as refusal:
        flash(refusal.detail, "danger")
    return redirect(url_for("webhooks.show_one", webhook_id=webhook_id), 303)
