"""The page on which owners change the brand, the one with every kind of mail, and the address of the logo."""

from __future__ import annotations

import base64
import binascii
from typing import Any, cast
from urllib.parse import urlsplit

from flask import Blueprint, Response, flash, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from wellchat import branding, clock
from wellchat.accounts.proof import fresh_proof
from wellchat.attachments.uploads import raise_body_limit
from wellchat.brand.actions import change_brand
from wellchat.brand.forms import BrandForm
from wellchat.brand.mail_preview import kinds, preview
from wellchat.branding import CHANGEABLE, LOGO
from wellchat.config import PREFIX
from wellchat.errors import Invalid, NotFound
from wellchat.forms import fill
from wellchat.i18n import gettext, language, language_names
from wellchat.logos import Logo, read_logo
from wellchat.mail.pages import html_frame, part_of
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("brand", __name__)

DAY = 86_400
# Opened by itself a picture is a page, and an SVG could be one with a script: it may do nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"


@pages.get("/brand/logo")
@limiter.exempt  # as other parts of every page are
def logo() -> Response:
    """Return the logo, for pages and the home screen. Raises NotFound without one."""
    found = branding.logo()
    if found is None:
        raise NotFound
    response = Response(found.content, mimetype=found.type)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = (
        "public, max-age=31536000, immutable" if request.args.get("v") == found.digest else "no-cache"
    )
    response.set_etag(found.digest)
    return cast(Response, response.make_conditional(request))


def _check_owner() -> None:
    """Raise NotFound for anybody but an owner: they learn of nothing here."""
    if not viewer().may("settings"):
        raise NotFound


@pages.get("/oversight/brand")
@signed_in
@fresh_proof
def show() -> str:
    """Show the brand as it is, in a form to change it."""
    _check_owner()
    return _page({name: branding.current(name) for name in CHANGEABLE}, branding.logo())


@pages.post("/oversight/brand")
@signed_in
@fresh_proof
@limiter.limit("60/hour")
def change() -> str | tuple[str, int] | BaseResponse:
    """Change the brand; or show it as it would be, by the button "Preview"."""
    _check_owner()
    typed = {name: request.form.get(name.lower(), "") for name in CHANGEABLE}
    typed |= {name: branding.base()[name] for name in CHANGEABLE if branding.is_fixed(name)}
    errors: dict[str, str] = {}
    drop = "drop_logo" in request.form
    given = None
    try:
        given = _given_logo()
    except ValueError as error:
        errors["logo"] = str(error)
    shown = None if drop and not branding.is_fixed(LOGO) else given or branding.logo()
    try:
        form = fill(BrandForm, {name.lower(): value for name, value in typed.items()})
    except Invalid as refusal:
        errors |= refusal.errors
    if errors:
        return _page(typed, shown, given=given, errors=errors), 422
    if "preview" in request.form:
        return _page(
            {name: getattr(form, name.lower()) for name in CHANGEABLE}, shown, given=given, is_preview=True
        )
    change_brand(form=form, logo=None if branding.is_fixed(LOGO) else given, drop_logo=drop, now=clock.now())
    flash(gettext("Saved. Other servers of yours follow within seconds."), "good")
    return redirect("/oversight/brand", 303)


def _given_logo() -> Logo | None:
    """Return the logo that was chosen now, or before the preview. Raises ValueError."""
    upload = request.files.get("logo")
    if upload is not None and upload.filename:
        return read_logo(upload.read())
    try:
        chosen = base64.b64decode(request.form.get("chosen_logo", ""), validate=True)
    except (binascii.Error, ValueError):
        return None
    # It comes from a form, and so from anywhere: it is checked again.
    return read_logo(chosen) if chosen else None


def _page(
    values: dict[str, Any],
    shown: Logo | None,
    *,
    given: Logo | None = None,
    errors: dict[str, str] | None = None,
    is_preview: bool = False,
) -> str:
    hue = values["ACCENT_HUE"]
    return render_template(
        "brand/brand.html",
        values={name.lower(): value for name, value in values.items()},
        fixed={name.lower(): PREFIX + name for name in (*CHANGEABLE, LOGO) if branding.is_fixed(name)},
        shown_logo=shown,
        chosen_logo=base64.b64encode(given.content).decode() if given else "",
        errors=errors or {},
        is_preview=is_preview,
        # The whole page shows it.
        **(
            {"accent_hue": hue, "brand_name": values["NAME"], "brand_logo": shown.as_data if shown else None}
            if is_preview
            else {}
        ),
    )


def _chosen_mail() -> tuple[str, str]:
    """Return the kind and language that the page is asked for. Raises NotFound for all but owners."""
    _check_owner()
    return request.args.get("kind", kinds()[0].name), request.args.get("language", language())


@pages.get("/oversight/brand/mails")
@signed_in
@fresh_proof
def mails() -> str:
    """Show one kind of mail with an example for a person, and a form to choose another."""
    name, in_language = _chosen_mail()
    message = preview(name, in_language, clock.now())
    return render_template(
        "brand/mails.html",
        kinds=kinds(),
        languages=language_names(),
        chosen=name,
        chosen_language=in_language,
        message=message,
        text=part_of(message, "plain"),
    )


@pages.get("/oversight/brand/mails/html")
@signed_in
@fresh_proof
def mail_frame() -> Response:
    """Return the HTML part of the mail, for the frame of the page."""
    return html_frame(part_of(preview(*_chosen_mail(), clock.now()), "html"))


@pages.url_value_preprocessor
def _room_for_a_logo(endpoint: str | None, _values: object) -> None:
    if endpoint == "brand.change":
        raise_body_limit()
        request.max_form_memory_size = 1024 * 1024


def places() -> dict[str, Any]:
    """Give every template the address of the logo; None without one."""
    found = branding.logo()
    return {"brand_logo": f"/brand/logo?v={found.digest}" if found else None}


def host_of(address: str) -> str:
    """Return the name of the host in an address, as people say it."""
    return (urlsplit(address).hostname or address).removeprefix("www.")
