"""Gather the content of the mail that tells a person what was decided about them."""

from __future__ import annotations

from datetime import datetime
from email.utils import parseaddr
from typing import Any

from wellchat.config import setting
from wellchat.mail.models import Mail


def measure_content(_mail: Mail, _now: datetime) -> dict[str, Any]:
    """Return the context of templates/emails/measure: the address for appeals, "" where there is none."""
    sender = parseaddr(setting("MAIL_FROM"))[1]
    # The default of MAIL_FROM is read by nobody.
    fallback = "" if sender.endswith("@localhost") else sender
    return {"appeal": setting("SUPPORT_EMAIL") or fallback}
