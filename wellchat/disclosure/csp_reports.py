"""Read reports about broken content security policies, in both formats that browsers send.

`application/csp-report` (CSP Level 2) has one report, `application/reports+json` (Reporting API) a list.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit

# Extensions of the reader's browser write into pages, and their work is not ours.
EXTENSIONS = (
    *("chrome-extension", "moz-extension", "safari-extension", "safari-web-extension"),
    "webkit-masked-url",
)
MAX_REPORTS = 50  # of one request
# Directives that are counted by name; others count as "other", so that nobody makes up labels.
DIRECTIVES = frozenset(
    (
        *("default-src", "script-src", "script-src-elem", "script-src-attr"),
        *("style-src", "style-src-elem", "style-src-attr", "img-src", "connect-src", "font-src", "frame-src"),
        *("media-src", "object-src", "worker-src", "manifest-src"),
        *("base-uri", "form-action", "frame-ancestors"),
    )
)


class CspReport(NamedTuple):
    """One blocked thing: its address, the page and the directive; addresses without query and fragment."""

    directive: str
    blocked: str
    page: str


def read_reports(body: bytes) -> list[CspReport]:
    """Return the reports that concern our own pages, at most MAX_REPORTS. What is no report is left out."""
    try:
        data: Any = json.loads(body)
    except (ValueError, RecursionError):
        return []
    found = data[:MAX_REPORTS] if isinstance(data, list) else [data]
    reports = (_read(each) for each in found if isinstance(each, dict))
    return [report for report in reports if report is not None]


def _read(report: dict[str, Any]) -> CspReport | None:
    content = report.get("csp-report", report.get("body"))
    if not isinstance(content, dict):
        return None
    directive = _first(content, "effectiveDirective", "effective-directive", "violated-directive").split(" ")[
        0
    ]
    blocked = _first(content, "blockedURL", "blocked-uri")
    source = _first(content, "sourceFile", "source-file")
    if not directive or any(_scheme(each) in EXTENSIONS for each in (blocked, source)):
        return None
    page = _first(content, "documentURL", "document-uri")
    return CspReport(
        directive if directive in DIRECTIVES else "other", _without_query(blocked), _without_query(page)
    )


def _first(content: dict[str, Any], *names: str) -> str:
    return next((value for name in names if isinstance(value := content.get(name), str)), "")


def _scheme(url: str) -> str:
    return url.partition(":")[0].lower()


def _without_query(url: str) -> str:
    """Return scheme, host and path: a query may hold what somebody searched for, an id stays out too."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    place = f"{parts.scheme}://{parts.netloc}" if parts.netloc else parts.scheme or parts.path
    # Letters alone are words of our routes; all else may be an id or a token.
    path = "/".join(part if part.isalpha() else "..." for part in parts.path.split("/") if part)
    shown = f"{place}/{path}" if parts.netloc else place
    return "".join(filter(str.isprintable, shown))[:200]
