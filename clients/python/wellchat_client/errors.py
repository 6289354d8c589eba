"""What a call may raise. All are `WellchatError`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class WellchatError(Exception):
    """A call that did not end well."""


class NoAnswer(WellchatError):
    """No answer came: what was asked may have happened or not."""


class Refused(WellchatError):
    """An answer of 400 and above, as a problem document (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        self.status = status
        self.problem = problem
        self.headers = headers
        self.detail = str(problem.get("detail", ""))
        self.errors: dict[str, str] = dict(problem.get("errors", {}))
        super().__init__(f"{status}: {self.detail}")

    @property
    def retry_after(self) -> float | None:
        """The seconds to wait before the next try, if the server names them."""
        try:
            return max(0.0, float(self.headers.get("retry-after", "")))
        except ValueError:
            return None


class NotSignedIn(Refused):
    """401: the token is wrong or has ended, and no other could be had."""


class TooFast(Refused):
    """429 or 503: nothing was done. The same call may be sent again after `retry_after`."""


class Resync(Refused):
    """410 of a poll: the cursor leads nowhere. Load your state again, then go on from `cursor`."""

    @property
    def reason(self) -> str:
        """`expired`, `foreign`, `restored` or `ahead`."""
        return str(self.problem.get("reason", ""))

    @property
    def cursor(self) -> str:
        """Where to go on, once the state was loaded again."""
        return str(self.problem["cursor"])


def refusal(status: int, problem: Mapping[str, Any], headers: Mapping[str, str]) -> Refused:
    """Return the error for an answer."""
    if status == 410 and "cursor" in problem:
        return Resync(status, problem, headers)
    kinds: dict[int, type[Refused]] = {401: NotSignedIn, 429: TooFast, 503: TooFast}
    return kinds.get(status, Refused)(status, problem, headers)
