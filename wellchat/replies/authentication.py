"""Read whether a mail is from whom it says, as the mail server before us has found out (RFC 8601).

SPF, DKIM and DMARC are checked where the connection from outside ends. Here only the result is read, and only
if the operator has named that server: anybody can write such a header.
"""

from __future__ import annotations

import re

from wellchat.config import setting
from wellchat.replies.reading import Incoming

_RESULT = re.compile(r"\b(spf|dkim|dmarc)\s*=\s*(\w+)", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]*\)")


def forgery_reason(mail: Incoming) -> str | None:
    """Return the failed check, such as "dmarc=fail". None: no trusted server reports one."""
    trusted = setting("AUTHSERV_ID")
    if not trusted:
        return None
    for value in mail.headers("Authentication-Results"):
        server, _, findings = _COMMENT.sub(" ", value).partition(";")
        if server.split()[:1] == [trusted] or server.strip().lower() == trusted.lower():
            return _verdict(
                {(method.lower(), result.lower()) for method, result in _RESULT.findall(findings)}
            )
    return None


def _verdict(findings: set[tuple[str, str]]) -> str | None:
    if ("dmarc", "fail") in findings:
        return "dmarc=fail"
    passed = {method for method, result in findings if result == "pass"}
    if passed:
        return None
    return next((f"{method}=fail" for method in ("spf", "dkim") if (method, "fail") in findings), None)
