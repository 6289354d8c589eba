"""Serialise files for clients, and summarise them in a few words.

A message repeats the data of its files (`messages.files`), so that lists need no join.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict
from urllib.parse import quote

from wellchat.attachments.models import READY, REFUSED, SCANNING, Attachment
from wellchat.i18n import format_number, gettext, ngettext

ROOT = "/attachments"
CHECKING = "checking"
MAX_SIDE = 320  # CSS pixels of a picture in a conversation; the same as in lib/files.js
MIN_SIDE = 56


class File(TypedDict):
    """The data of a file that a message repeats."""

    id: str
    name: str
    media_type: str
    size: int
    width: int | None
    height: int | None
    thumbnail: bool
    duration_ms: NotRequired[int | None]  # of recordings, as the next one
    peaks: NotRequired[str | None]
    state: NotRequired[str]  # CHECKING or REFUSED; not there once it can be opened


def as_file(row: Attachment) -> File:
    """Return the data that a message repeats."""
    file: File = {
        "id": row.id,
        "name": row.name,
        "media_type": row.media_type,
        "size": row.size,
        "width": row.width,
        "height": row.height,
        "thumbnail": row.is_picture and row.state == READY,
    }
    if row.media_type.startswith("audio/"):
        file["duration_ms"], file["peaks"] = row.duration_ms, row.peaks
    if row.state in (SCANNING, REFUSED):
        file["state"] = CHECKING if row.state == SCANNING else REFUSED
    return file


def file_json(file: File, *, root: str = ROOT) -> dict[str, Any]:
    """Return a file for the JSON; `thumbnail_url` is None until the worker has made one.

    Keys: `id`, `name`, `media_type`, `size` in bytes, `width`, `height`, `url`, `thumbnail_url`, and
    `state`: "ready", "checking" while the scanner has not answered, or "refused". Recordings have
    `duration_ms` and `peaks`, each None if unknown.
    """
    path = f"{root}/{file['id']}"
    shown = {
        "id": file["id"],
        "name": file["name"],
        "media_type": file["media_type"],
        "size": file["size"],
        "width": file["width"],
        "height": file["height"],
        "url": f"{path}/{quote(file['name'])}",
        "thumbnail_url": f"{path}/thumbnail" if file["thumbnail"] else None,
        "state": file.get("state", READY),
    }
    if file["media_type"].startswith("audio/"):
        shown |= {"duration_ms": file.get("duration_ms"), "peaks": file.get("peaks")}
    return shown


def files_summary(files: Sequence[File]) -> str:
    """Summarise files, as static/js/lib/files.js does: Photo; 3 photos; Document: plan.pdf; 2 files."""
    photos = sum(file["width"] is not None for file in files)
    if not files:
        return ""
    if photos == len(files):
        return gettext("Photo") if photos == 1 else ngettext("%(num)s photo", "%(num)s photos", photos)
    if len(files) > 1:
        return ngettext("%(num)s file", "%(num)s files", len(files))
    kind = files[0]["media_type"].partition("/")[0]
    if kind == "audio":
        return gettext("Recording: %(name)s", name=files[0]["name"])
    if kind == "video":
        return gettext("Video: %(name)s", name=files[0]["name"])
    return gettext("Document: %(name)s", name=files[0]["name"])


def fit(size: tuple[int, int]) -> tuple[int, int]:
    """Return (width, height) to show a picture at: never enlarged, and no side too thin to tap."""
    scale = min(1.0, MAX_SIDE / max(size))
    width, height = (max(MIN_SIDE, round(side * scale)) for side in size)
    return width, height


def placeholder_svg(size: tuple[int, int]) -> str:
    """Return the data URL of an empty picture of this size: it reserves the space."""
    width, height = size
    svg = f"%3Csvg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}'/%3E"
    return f"data:image/svg+xml,{svg}"


def file_size(size: int) -> str:
    """Format a size: 900 bytes, 12 kB, 3.4 MB."""
    if size < 1000:
        return ngettext("%(num)s byte", "%(num)s bytes", size)
    if size < 999_500:
        return gettext("%(num)s kB", num=format_number(size / 1000))
    return gettext("%(num)s MB", num=format_number(size / 1_000_000, 1))


def wave(peaks: str | None) -> str:
    """Return the path of an SVG of 192 by 32 that draws peaks; a thin line without any.

    The same as in static/js/lib/files.js.
    """
    digits = peaks or "0" * 48
    step = 192 / len(digits)
    tall = (max(1, round(int(digit, 32) / 31 * 15)) for digit in digits)
    return "".join(f"M{(index + 0.5) * step:g} {16 - each}v{2 * each}" for index, each in enumerate(tall))


def play_time(milliseconds: int) -> str:
    """Format a duration: 0:07, 12:30, 1:02:03."""
    minutes, seconds = divmod(max(1, round(milliseconds / 1000)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
