"""The page where people see which devices are pushed to."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from wellchat.forms import read_form
from wellchat.i18n import gettext
from wellchat.push import actions, queries
from wellchat.push.forms import PostDeviceForm
from wellchat.web import signed_in, viewer

pages = Blueprint("push", __name__)


@pages.get("/settings/devices")
@signed_in
def devices() -> str:
    return render_template("push/devices.html", devices=queries.devices(viewer()))


@pages.post("/settings/devices/<device_id>")
@signed_in
def save_device(device_id: str) -> BaseResponse:
    form = read_form(PostDeviceForm)
    actions.set_shows_words(viewer=viewer(), device_id=device_id, shows_words=form.shows_words)
    flash(gettext("Saved."), "good")
    return redirect(url_for("push.devices"), 303)


@pages.post("/settings/devices/<device_id>/remove")
@signed_in
def remove(device_id: str) -> BaseResponse:
    device = queries.device_by_id(viewer(), device_id)
    actions.remove(user=viewer(), device_id=device.id)
    flash(gettext("Push is turned off for %(label)s.", label=device.label), "good")
    return redirect(url_for("push.devices"), 303)
