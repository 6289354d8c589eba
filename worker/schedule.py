"""Every clock in the product."""

from __future__ import annotations

from typing import Any


def beat_schedule(sweep_every: float) -> dict[str, Any]:
    """Return the schedule of Celery beat, in seconds.

    Due times are columns; the schedule only says when to look. An entry that is late is dropped (`expires`).
    """
    return {
        "sweep": {"task": "sweep", "schedule": sweep_every, "options": {"expires": max(sweep_every, 1)}},
        "tidy": {"task": "tidy", "schedule": 3600.0, "options": {"expires": 3600}},
    }
