"""Serve the addresses under /.well-known, and take the reports of browsers about broken policies."""

from __future__ import annotations

import logging
from datetime import timedelta

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from wellchat import clock
from wellchat.config import setting
from wellchat.disclosure.csp_reports import read_reports
from wellchat.errors import NotFound
from wellchat.metrics import POLICY_REPORTS
from wellchat.security_headers import REPORTS_PATH
from wellchat.web import csrf_exempt, limiter, place_key

log = logging.getLogger(__name__)

pages = Blueprint("disclosure", __name__)

VALID_FOR = timedelta(days=180)  # RFC 9116 asks for less than a year
MAX_REPORT = 64 * 1024  # bytes
MAX_KINDS = 200  # kinds of reports that a process remembers as logged

_logged: set[tuple[str, str, str]] = set()


@pages.get("/.well-known/security.txt")
def security_txt() -> Response:
    """Return whom to tell of a security problem (RFC 9116). Raises NotFound where nobody is named."""
    contact = setting("SECURITY_CONTACT")
    if not contact:
        raise NotFound
    # From midnight, so that the file stays the same all day.
    expires = (clock.now() + VALID_FOR).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"Contact: {contact}",
        f"Expires: {expires.isoformat().replace('+00:00', 'Z')}",
        f"Preferred-Languages: {', '.join(setting('LANGUAGES'))}",
        f"Canonical: {setting('BASE_URL')}/.well-known/security.txt",
    ]
    return Response("\n".join([*lines, ""]), mimetype="text/plain")


@pages.get("/.well-known/change-password")
def change_password() -> BaseResponse:
    """Lead password managers to the page (W3C, A Well-Known URL for Changing Passwords)."""
    return redirect("/settings#password", 303)


@pages.post(REPORTS_PATH)
@csrf_exempt
@limiter.limit("20/minute", key_func=place_key)
def take_reports() -> tuple[str, int]:
    """Count what browsers report, and log the first of each kind. Reports tell nothing of who sent them."""
    # Not by its length alone: a body in chunks does not say it.
    body = request.stream.read(MAX_REPORT + 1)
    if len(body) > MAX_REPORT:
        return "", 413
    for report in read_reports(body):
        POLICY_REPORTS.labels(report.directive).inc()
        # Anybody can send reports: neither the log nor this set may grow without end.
        if report not in _logged and len(_logged) < MAX_KINDS:
            _logged.add(report)
            log.warning("a browser blocked %s on %s by %s", report.blocked, report.page, report.directive)
    return "", 204
