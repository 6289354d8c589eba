"""Gather the content of the mail that tells a person what was decided about them."""

from __future__ import annotations

from datetime import datetime
from email.utils import parseaddr
from typing import Any

from wellchat.config import setting
from wellchat.mail.models import Mail


def measure_content(_mail: Mail, _now: datetime) -> dict[str, Any]:
    """Return the context of templates/emails/measure: the address for appeals."""
    return {"appeal": setting("SUPPORT_EMAIL") or parseaddr(setting("MAIL_FROM"))[1]}
