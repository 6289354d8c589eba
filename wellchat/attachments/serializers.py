"""Files as clients see them, and in a few words where there is no room for more.

A message repeats what is shown of its files (`messages.files`), so that no list has to ask for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict
from urllib.parse import quote

from wellchat.attachments.models import READY, Attachment
from wellchat.i18n import format_number, gettext, ngettext

ROOT = "/attachments"
MAX_SIDE = 320  # CSS pixels of a picture in a conversation; lib/files.js knows the same
MIN_SIDE = 56


class File(TypedDict):
    """What a message keeps of a file."""

    id: str
    name: str
    media_type: str
    size: int
    width: int | None
    height: int | None
    thumbnail: bool


def as_file(row: Attachment) -> File:
    return {
        "id": row.id,
        "name": row.name,
        "media_type": row.media_type,
        "size": row.size,
        "width": row.width,
        "height": row.height,
        "thumbnail": row.is_picture and row.state == READY,
    }


def file_json(file: File, *, root: str = ROOT) -> dict[str, Any]:
    """A file as the JSON tells of it. A picture has no `thumbnail_url` until the worker has made one."""
    path = f"{root}/{file['id']}"
    return {
        "id": file["id"],
        "name": file["name"],
        "media_type": file["media_type"],
        "size": file["size"],
        "width": file["width"],
        "height": file["height"],
        "url": f"{path}/{quote(file['name'])}",
        "thumbnail_url": f"{path}/thumbnail" if file["thumbnail"] else None,
    }


def files_summary(files: Sequence[File]) -> str:
    """Photo; 3 photos; Document: plan.pdf; 2 files. static/js/lib/files.js says the same."""
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
    """How large a picture of this size is shown: none larger than it is, none too thin to be touched."""
    scale = min(1.0, MAX_SIDE / max(size))
    width, height = (max(MIN_SIDE, round(side * scale)) for side in size)
    return width, height


def placeholder_svg(size: tuple[int, int]) -> str:
    """The address of an empty picture: it holds the place of one that is still to come."""
    return f"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='{size[0]}' height='{size[1]}'/%3E"


def file_size(size: int) -> str:
    """900 bytes, 12 kB, 3.4 MB."""
    if size < 1000:
        return ngettext("%(num)s byte", "%(num)s bytes", size)
    if size < 999_500:
        return gettext("%(num)s kB", num=format_number(size / 1000))
    return gettext("%(num)s MB", num=format_number(size / 1_000_000, 1))
