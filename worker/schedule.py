"""Every clock in the product."""

from __future__ import annotations

from typing import Any

from wellchat.task_queue import EXPIRES


def beat_schedule(sweep_every: float) -> dict[str, Any]:
    """Return the schedule of Celery beat, in seconds.

    Due times are columns; the schedule only says when to look. An entry that is late is dropped (`expires`).
    """
    # The worker drops it by its own clock, which may differ from beat's by less than this.
    late = max(sweep_every, EXPIRES)
    return {
        "sweep": {"task": "sweep", "schedule": sweep_every, "options": {"expires": late}},
        "tidy": {"task": "tidy", "schedule": 3600.0, "options": {"expires": 3600}},
    }
