"""The service worker, and the page where people see which devices are pushed to."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, flash, redirect, render_template, send_from_directory, url_for
from werkzeug.wrappers import Response as BaseResponse

from wellchat.forms import read_form
from wellchat.push import actions, queries
from wellchat.push.forms import PostDeviceForm
from wellchat.web import signed_in, viewer
from wellchat.words import gettext

pages = Blueprint("push", __name__)


@pages.get("/sw.js")
def service_worker() -> Response:
    """From the root, for that is how far it reaches; asked for anew each time, or an old one would go on working."""
    response = send_from_directory(str(current_app.static_folder), "js/sw.js", mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Service-Worker-Allowed"] = "/"
    return response


@pages.get("/settings/devices")
@signed_in
def devices() -> str:
    return render_template("push/devices.html", devices=queries.devices(viewer()))


@pages.post("/settings/devices/<device_id>")
@signed_in
def choose(device_id: str) -> BaseResponse:
    wish = read_form(PostDeviceForm)
    actions.choose(viewer=viewer(), device_id=device_id, shows_words=wish.shows_words)
    flash(gettext("Saved."), "good")
    return redirect(url_for("push.devices"), 303)


@pages.post("/settings/devices/<device_id>/remove")
@signed_in
def remove(device_id: str) -> BaseResponse:
    device = queries.device_by_id(viewer(), device_id)
    actions.remove(user=viewer(), device_id=device.id)
    flash(f"{device.label} is pushed to no more.", "good")
    return redirect(url_for("push.devices"), 303)
