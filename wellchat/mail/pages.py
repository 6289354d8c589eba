"""`/outbox`, the mails of an installation without a mail server; and the button to try one's address again.

Where a mail server is set there is no `/outbox`. Elsewhere it shows signed-in people their own mails. It
shows everybody's only on the machine that runs the embedded default, to its own user, who could read them on
disk anyway, or to somebody who has the key that `wellchat up` prints.
"""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from hashlib import sha256
from hmac import compare_digest

from flask import Blueprint, Response, flash, redirect, render_template, request, session
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from wellchat.clock import now
from wellchat.config import setting
from wellchat.errors import NotFound
from wellchat.feature import registry
from wellchat.i18n import gettext
from wellchat.local_peer import is_own_peer
from wellchat.mail import actions, queries, transport
from wellchat.mail.models import Mail, RefusedAddress
from wellchat.mail.outbox_key import outbox_key
from wellchat.networks import is_loopback_request
from wellchat.web import limiter, safe_next, signed_in, viewer

pages = Blueprint("mail", __name__)
KEY_HELD = "outbox"  # in the session: the digest of the key that this browser showed

# The mail is shown as it is, in a frame that can do nothing: no script, no form, no picture from elsewhere.
FRAME_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; frame-ancestors 'self'"
)


@pages.get("/outbox")
def captured_mails() -> str | BaseResponse:
    if (key := request.args.get("key")) is not None:
        return _take_key(key)
    return render_template(
        "mail/captured_mails.html",
        mails=[(mail, _message(mail)) for mail in queries.captured_mails(_visible_to())],
    )


@pages.get("/outbox/<mail_id>")
def captured_mail(mail_id: str) -> str:
    row = queries.captured_mail(_visible_to(), mail_id)
    message = _message(row)
    if message is None:
        raise NotFound
    return render_template(
        "mail/captured_mail.html", mail=row, message=message, text=part_of(message, "plain")
    )


@pages.get("/outbox/<mail_id>/html")
def captured_html(mail_id: str) -> Response:
    """Return the HTML part on its own, for the frame. Raises NotFound."""
    message = _message(queries.captured_mail(_visible_to(), mail_id))
    html = part_of(message, "html") if message else ""
    if not html:
        raise NotFound
    return html_frame(html)


def html_frame(html: str) -> Response:
    """Return a mail's HTML as a response that can only be looked at, in a frame of ours."""
    response = Response(
        html.replace("<head>", '<head><base target="_blank">', 1), content_type="text/html; charset=utf-8"
    )
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@pages.post("/settings/address/try-again")
@signed_in
@limiter.limit("5/hour")
def try_again() -> BaseResponse:
    """Lift the refusal of the viewer's address, because they say that it is mended."""
    user = viewer()
    if user.email and actions.try_address_again(
        user_id=user.id, address=user.email, name=user.name, now=now()
    ):
        flash(
            gettext(
                "We send emails to your address again."
                " A test email is on its way, so please check that it arrives."
            ),
            "good",
        )
    return redirect(safe_next(request.form.get("next") or "/settings"), 303)


def address_refusal() -> RefusedAddress | None:
    """Return why mails to the viewer's address are refused, for every page. None: they are not."""
    return queries.refusal_of(current_user.email) if current_user.is_authenticated else None


def _visible_to() -> str | None:
    """Return whose mails may be shown, None for everybody's. Raises NotFound where a mail server is set."""
    if setting("SMTP_URL"):
        raise NotFound
    if is_loopback_request() and (
        is_own_peer(request.environ) or session.get(KEY_HELD) == sha256(outbox_key().encode()).hexdigest()
    ):
        return None
    return viewer().id


def _take_key(key: str) -> BaseResponse:
    """Remember in the session that this browser has the key, and take it out of the address."""
    if setting("SMTP_URL") or not is_loopback_request():
        raise NotFound
    if compare_digest(key.encode(), outbox_key().encode()):
        session[KEY_HELD] = sha256(outbox_key().encode()).hexdigest()
    return redirect("/outbox", 303)


def _message(mail: Mail) -> EmailMessage | None:
    file = next(iter(sorted(transport.folder().glob(f"*-{mail.id}.eml"), reverse=True)), None)
    return message_from_bytes(file.read_bytes(), policy=default) if file else None


def part_of(message: EmailMessage, subtype: str) -> str:
    """Return the text of the body "plain" or "html". "": there is none."""
    part = message.get_body((subtype,))
    return str(part.get_content()) if part else ""


def mail_label(name: str) -> str:
    """Return the label of this kind of mail, in the reader's language. An undeclared one keeps its name."""
    declared = registry().mails.get(name)
    return gettext(declared.label) if declared else name.replace("_", " ").capitalize()
