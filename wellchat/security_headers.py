"""The security headers of every response, whoever makes it: the application or the web server."""

from __future__ import annotations

import secure

from wellchat.config import setting

REPORTS_PATH = "/reports"  # where browsers tell of broken policies

HEADERS: tuple[tuple[str, str], ...] = (
    *secure.Secure(
        csp=secure.ContentSecurityPolicy()
        .default_src("'self'")
        .img_src("'self'", "data:", "blob:")
        # A recording is listened to before it is sent
        .media_src("'self'", "blob:")
        .object_src("'none'")
        .base_uri("'none'")
        .form_action("'self'")
        .frame_ancestors("'none'")
        # Both: Firefox and Safari know only the older one (CSP Level 3, 5.2)
        .report_uri(REPORTS_PATH)
        .report_to("csp"),
        # no-referrer would also strip it from our own forms, and CSRF protection over HTTPS asks for it
        referrer=secure.ReferrerPolicy().same_origin(),
        permissions=secure.PermissionsPolicy().camera().microphone().geolocation(),
        coop=secure.CrossOriginOpenerPolicy().same_origin(),
        xcto=secure.XContentTypeOptions().nosniff(),
        xfo=secure.XFrameOptions().deny(),
    ).headers.items(),
    ("Reporting-Endpoints", f'csp="{REPORTS_PATH}"'),
)
# Of the page with the composer, which records voice messages. Every other page keeps the microphone shut.
MICROPHONE = ("Permissions-Policy", "camera=(), microphone=(self), geolocation=()")
# Of a script or style, which obeys the policy of its page: it is no page, and none may show it as one.
PART_HEADERS: tuple[tuple[str, str], ...] = (
    ("X-Content-Type-Options", "nosniff"),
    (
        "Content-Security-Policy",
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    ),
)
# HSTS over plain HTTP is ignored by browsers (RFC 6797, 8.1), so it is not sent there.
HSTS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")


def picture_caching() -> str:
    """Return the Cache-Control of files and pictures, which never change, while who may see them does.

    A browser asks each time, and is answered 304; or it keeps nothing, where the operator says so.
    """
    return "private, no-cache" if setting("BROWSER_CACHE") else "no-store"
