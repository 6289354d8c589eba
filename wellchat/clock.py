"""The only reader of the clock. Everything else is handed `now`."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def moment(text: str) -> datetime:
    """A moment as programs and operators write it: ISO 8601, UTC where it names no offset. Raises ValueError."""
    found = datetime.fromisoformat(text)
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:  # its offset leads out of the years there are
        raise ValueError(text) from None


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with `Z`, as every time in the JSON."""
    return (
        moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
    )
