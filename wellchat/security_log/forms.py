"""The filters of the security log."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, StringConstraints

from wellchat.forms import QueryForm, Text

Some = Annotated[Text, StringConstraints(max_length=254, strip_whitespace=True)]


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


Day = Annotated[date | None, BeforeValidator(_empty_is_none)]


class AuditFilters(QueryForm):
    """The filters of the list. Empty ones let everything pass."""

    person: Some = ""  # email address
    kind: Annotated[Text, StringConstraints(max_length=40)] = ""
    severity: Literal["", "info", "notice", "high"] = ""
    outcome: Literal["", "done", "refused", "failed"] = ""
    since: Day = None
    until: Day = None
    about: Annotated[Text, StringConstraints(max_length=61)] = ""  # kind:id of a thing
    before: Some | None = None


class ExportAudit(AuditFilters):
    """The same filters, and the form of the download."""

    form: Literal["csv", "jsonl"] = "csv"


class ListActivity(QueryForm):
    """The beginning of the page of one's own activity."""

    before: Some | None = None
