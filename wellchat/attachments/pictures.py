"""Re-encode uploaded pictures: upright, in sRGB, pixels only.

Nothing else of the file survives: no EXIF, no GPS position, no comment, no second file appended to it.
"""

from __future__ import annotations

import io
from typing import Any, NamedTuple

from PIL import Image, ImageOps, ImageSequence

from wellchat import pictures
from wellchat.attachments.file_types import HEIC_BRANDS, KINDS, PICTURE_EXTENSIONS, cannot_be_shown
from wellchat.attachments.names import clean_name, extension_of, with_extension
from wellchat.errors import Invalid
from wellchat.i18n import N_, gettext
from wellchat.srgb import in_srgb

MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")
MAX_PIXELS = 50_000_000
TOO_MANY = N_("This picture has too many pixels. At most %(num)s million.")
TOO_LONG = N_("This picture is too long. At most %(num)s pixels on one side.")
MAX_SIDE = 4096  # pixels; larger ones are made smaller
MAX_ANIMATED_PIXELS = 20_000_000  # pixels of all frames together; with more only the first frame is kept
MAX_FRAMES = 300
THUMB_SIDE = 640
# Formats whose pictures may move, with how frames are written: each whole, in place of the one before.
_MOVING: dict[str, dict[str, Any]] = {
    "GIF": {"disposal": 2},
    "WEBP": {"quality": 86},
    "PNG": {"disposal": 0, "blend": 0},
}
EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}


class Picture(NamedTuple):
    """A re-encoded picture; its name has a matching extension."""

    content: bytes
    media_type: str
    name: str
    width: int
    height: int


def looks_like_picture(content: bytes) -> bool:
    """Return whether the content begins like a JPEG, PNG, GIF or WebP, or a HEIC if that can be opened."""
    return (
        content.startswith(MAGIC)
        or (content.startswith(b"RIFF") and content[8:12] == b"WEBP")
        or (pictures.opens_heic() and content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS)
    )


def rewrite(content: bytes, name: str) -> Picture:
    """Return a re-encoded picture with a matching extension. Raises Invalid."""
    name = clean_name(name)
    try:
        with pictures.open_safely(content, max_pixels=MAX_PIXELS) as picture:
            format_name, fresh, size = _reencode(picture)
    except pictures.TooManyPixels:
        raise Invalid({"file": gettext(TOO_MANY, num=MAX_PIXELS // 1_000_000)}) from None
    except pictures.TooLong:
        raise Invalid({"file": gettext(TOO_LONG, num=pictures.MAX_SIDE)}) from None
    except pictures.Damaged:
        # It may also be of a kind that the library does not know.
        if content[4:8] == b"ftyp":
            raise cannot_be_shown() from None
        raise Invalid({"file": gettext("This picture is damaged and cannot be opened.")}) from None
    extension = EXTENSIONS[format_name]
    fits = extension_of(name) == extension or (
        extension == "jpg" and extension_of(name) in ("jpeg", "jpe", "jfif")
    )
    return Picture(
        fresh, Image.MIME[format_name], name if fits and name else _checked_name(name, extension), *size
    )


def _checked_name(name: str, extension: str) -> str:
    claimed = next((each for each in KINDS if extension_of(name) in each.extensions), None)
    if claimed:
        words = gettext(
            "The name “%(name)s” says that this is %(claimed)s, but it is a picture. Rename the file.",
            name=name,
            claimed=gettext(claimed.label),
        )
        raise Invalid({"file": words})
    return with_extension(name or "picture", extension, instead=extension_of(name) in PICTURE_EXTENSIONS)


def _reencode(picture: Image.Image) -> tuple[str, bytes, tuple[int, int]]:
    format_name = picture.format or ""
    if format_name in _MOVING and getattr(picture, "is_animated", False) and _may_be_animated(picture):
        return format_name, _reencode_animation(picture), picture.size
    plain = _upright(picture)
    if format_name in ("MPO", "HEIF"):
        # MPO is a JPEG with more pictures behind the first, as phones make them.
        format_name = "WEBP" if plain.mode == "RGBA" and format_name == "HEIF" else "JPEG"
    # PNG is lossless and smaller for one frame.
    if format_name == "GIF":
        format_name = "PNG"
    if format_name == "JPEG" and plain.mode == "RGBA":
        plain = plain.convert("RGB")
    out = io.BytesIO()
    options: dict[str, Any] = {"JPEG": {"quality": 88}, "WEBP": {"quality": 86}, "PNG": {}}[format_name]
    plain.save(out, format_name, **options)
    return format_name, out.getvalue(), plain.size


def _upright(picture: Image.Image) -> Image.Image:
    if picture.format in ("JPEG", "MPO") and max(picture.size) > 2 * MAX_SIDE:
        # The decoder makes it smaller while it reads: a huge photo is never whole in memory.
        picture.draft("RGB", (MAX_SIDE, MAX_SIDE))
    # The profile is removed later, so the colours are converted while it is still there.
    plain = in_srgb(ImageOps.exif_transpose(picture))
    plain.thumbnail((MAX_SIDE, MAX_SIDE))
    # A new image has no metadata.
    fresh = Image.new(plain.mode, plain.size)
    fresh.paste(plain)
    return fresh


def _may_be_animated(picture: Image.Image) -> bool:
    frames = getattr(picture, "n_frames", 1)
    return frames <= MAX_FRAMES and frames * picture.width * picture.height <= MAX_ANIMATED_PIXELS


def _reencode_animation(picture: Image.Image) -> bytes:
    """Return the moving picture with the same pace and number of rounds, in the same format."""
    frames, durations, screen = [], [], picture.size
    for frame in ImageSequence.Iterator(picture):
        # A larger frame would exceed the pixels that were counted.
        if picture.size != screen:
            raise ValueError("a frame larger than its picture")
        pixels = in_srgb(frame).convert("RGBA")
        # Of a moving PNG the first picture may be one for programs that show no others.
        if picture.info.get("default_image") and picture.tell() == 0:
            continue
        pixels.info = {}
        frames.append(pixels)
        durations.append(_shown_for(frame.info.get("duration")))
    options: dict[str, Any] = {**_MOVING[picture.format or ""], "duration": durations}
    # None: it is shown once.
    if picture.info.get("loop") is not None:
        options["loop"] = picture.info["loop"]
    out = io.BytesIO()
    frames[0].save(out, picture.format, save_all=True, append_images=frames[1:], **options)
    return out.getvalue()


def _shown_for(duration: float | None) -> int:
    """Return for how many milliseconds browsers show a frame: up to 10 count as 100."""
    return round(duration) if duration and duration > 10 else 100


def thumbnail(content: bytes) -> bytes:
    """Return a small WebP of a stored picture; of an animation only the first frame."""
    with pictures.open_safely(content, max_pixels=MAX_PIXELS) as picture:
        picture.draft("RGB", (THUMB_SIDE, THUMB_SIDE))
        small = in_srgb(picture)
        small.thumbnail((THUMB_SIDE, THUMB_SIDE))
        small.info = {}
        out = io.BytesIO()
        small.save(out, "WEBP", quality=80)
        return out.getvalue()
