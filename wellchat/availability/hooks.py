"""Name the hook by which availability asks the features above what stands in a calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from wellchat.feature import Hook

if TYPE_CHECKING:
    from wellchat.availability.free import Taken

taken_between: Hook[[str, datetime, datetime, datetime, str | None], Sequence[Taken]]
taken_between = Hook("availability.taken_between")
"""(professional id, since, until, now, id of a booking to leave out or None) -> what is taken there."""
