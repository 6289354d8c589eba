"""Recordings as browsers make them: Ogg and WebM with Opus in them, and MP4.

Nothing is decoded: that needs a library, and its faults would be ours. How loud a recording is (its peaks)
comes from the device that made it, and only its form is checked.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

from wellchat.attachments import ogg, webm
from wellchat.attachments.mp4_duration import mp4_duration
from wellchat.errors import Invalid
from wellchat.i18n import gettext

OGG_TYPE, WEBM_TYPE, MP4_TYPE = ("audio/ogg", "audio/webm", "audio/mp4")
MAX_PEAKS = 64
_PEAKS = re.compile(rf"[0-9a-v]{{8,{MAX_PEAKS}}}")
MAX_DURATION = 24 * 3_600_000  # ms; more than that is a mistake in the file


_DURATIONS: dict[str, Callable[[bytes], int | None]] = {
    OGG_TYPE: ogg.ogg_duration,
    WEBM_TYPE: webm.webm_duration,
    MP4_TYPE: mp4_duration,
}


def checked_peaks(peaks: str | None) -> str | None:
    """Return peaks as they are stored: 8 to 64 digits from 0 to v, one for each part, v the loudest.

    Raises Invalid for anything else. None and "" are none.
    """
    if peaks and not _PEAKS.fullmatch(peaks):
        raise Invalid({"peaks": gettext("Send 8 to %(num)s digits from 0 to v.", num=MAX_PEAKS)})
    return peaks or None


def media_type_of(content: bytes) -> str | None:
    """Return OGG_TYPE or WEBM_TYPE of a recording with one track of Opus; None for everything else."""
    if content.startswith(ogg.MARK):
        return OGG_TYPE if ogg.is_opus_ogg(content) else None
    if content.startswith(webm.MARK):
        return WEBM_TYPE if webm.is_opus_webm(content) else None
    return None


def duration_of(content: bytes, media_type: str) -> int | None:
    """Return how long a recording is in milliseconds; None if its file does not tell."""
    try:
        found = _DURATIONS[media_type](content)
    except (KeyError, struct.error, IndexError, ZeroDivisionError):
        return None
    return found if found is not None and 0 < found <= MAX_DURATION else None


def without_names(content: bytes, media_type: str) -> bytes:
    """Return an Ogg or WebM recording that names no program, device or title. A WebM is told its duration."""
    if media_type == OGG_TYPE:
        return ogg.plain_ogg(content)
    return webm.plain_webm(content)
