"""Pictures: whatever was uploaded is decoded and written anew, upright, in sRGB, without where and when it was taken.

What is not pixels does not survive that: no EXIF, no GPS, no comment, no second file behind the first.
"""

from __future__ import annotations

import io
import logging
import threading
import warnings
from typing import Any, NamedTuple

from PIL import Image, ImageCms, ImageOps, ImageSequence

from wellchat.attachments.documents import KINDS, PICTURE_EXTENSIONS
from wellchat.attachments.names import clean_name, extension_of, with_extension
from wellchat.errors import Invalid
from wellchat.i18n import N_, gettext

log = logging.getLogger(__name__)

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")
MAX_PIXELS = 50_000_000
TOO_MANY = N_("This picture has too many pixels. At most %(num)s million.")
TOO_LONG = N_("This picture is too long. At most %(num)s pixels on one side.")
MAX_SOURCE_SIDE = (
    65_535  # all that JPEG and GIF can say; a moving WebP that says more decodes for half a minute
)
MAX_SIDE = 4096  # pixels; larger ones are made smaller
MAX_ANIMATED_PIXELS = 20_000_000  # pixels of all frames together; a GIF with more is kept as its first frame
MAX_FRAMES = 300
THUMB_SIDE = 640
EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}

_lock = threading.Lock()  # one at a time: the largest takes hundreds of megabytes while it is open


class Picture(NamedTuple):
    content: bytes
    media_type: str
    name: str
    width: int
    height: int


def looks_like_picture(content: bytes) -> bool:
    return content.startswith(MAGIC) or (content.startswith(b"RIFF") and content[8:12] == b"WEBP")


def rewrite(content: bytes, name: str) -> Picture:
    """A fresh picture of the same pixels, its name with the right ending. Raises Invalid."""
    name = clean_name(name)
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower
        try:
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                _refuse_bombs(picture)
                format_name, fresh, size = _reencode(picture)
        except Image.DecompressionBombError:
            raise Invalid({"file": gettext(TOO_MANY, num=MAX_PIXELS // 1_000_000)}) from None
        except (Invalid, MemoryError):
            raise  # said already; and what the machine lacks is no fault of the picture's
        except (
            Exception
        ) as fault:  # of a damaged file Pillow raises what it meets: IndexError, struct.error, KeyError
            log.info("a picture cannot be opened: %r", fault)
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


def _refuse_bombs(picture: Image.Image) -> None:
    width, height = picture.size  # from the header; nothing is decoded yet
    if width * height > MAX_PIXELS:
        raise Invalid({"file": gettext(TOO_MANY, num=MAX_PIXELS // 1_000_000)})
    if max(width, height) > MAX_SOURCE_SIDE:
        raise Invalid({"file": gettext(TOO_LONG, num=MAX_SOURCE_SIDE)})


def _reencode(picture: Image.Image) -> tuple[str, bytes, tuple[int, int]]:
    format_name = picture.format or ""
    if format_name == "MPO":  # a JPEG with more pictures behind the first, as phones make them
        format_name = "JPEG"
    if format_name == "GIF" and getattr(picture, "is_animated", False) and _may_be_animated(picture):
        return "GIF", _reencode_animation(picture), picture.size
    plain = _upright(picture)
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
        picture.draft("RGB", (MAX_SIDE, MAX_SIDE))
    turned = ImageOps.exif_transpose(picture)
    clear = turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info
    plain = _in_srgb(turned, "RGBA" if clear else "RGB")
    plain.thumbnail((MAX_SIDE, MAX_SIDE))
    fresh = Image.new(plain.mode, plain.size)  # a canvas that knows nothing of where the pixels came from
    fresh.paste(plain)
    return fresh


def _in_srgb(picture: Image.Image, mode: str) -> Image.Image:
    """Colours as they look, also where the profile that says so is left behind."""
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in ("RGB", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            found = ImageCms.profileToProfile(
                picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            if found is not None:
                return found.convert(mode)
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a broken profile: the bare colours are close enough
    return picture.convert(mode)


def _may_be_animated(picture: Image.Image) -> bool:
    frames = getattr(picture, "n_frames", 1)
    return frames <= MAX_FRAMES and frames * picture.width * picture.height <= MAX_ANIMATED_PIXELS


def _reencode_animation(picture: Image.Image) -> bytes:
    frames, durations, screen = [], [], picture.size
    for frame in ImageSequence.Iterator(picture):
        if picture.size != screen:  # a frame that reaches beyond it would make it larger than was counted
            raise ValueError("a frame larger than its picture")
        frames.append(frame.convert("RGBA"))
        durations.append(max(20, int(frame.info.get("duration", 100) or 100)))
    out = io.BytesIO()
    for frame in frames:
        frame.info = {}
    frames[0].save(
        out, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0, disposal=2
    )
    return out.getvalue()


def thumbnail(content: bytes) -> bytes:
    """A small WebP of a picture of ours; of a moving one its first frame, so that nothing moves in a list."""
    with _lock, Image.open(io.BytesIO(content), formats=FORMATS) as picture:
        picture.draft("RGB", (THUMB_SIDE, THUMB_SIDE))
        clear = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
        small = picture.convert("RGBA" if clear else "RGB")
        small.thumbnail((THUMB_SIDE, THUMB_SIDE))
        small.info = {}
        out = io.BytesIO()
        small.save(out, "WEBP", quality=80)
        return out.getvalue()
