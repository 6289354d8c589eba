"""Pictures of people: whatever was uploaded becomes a small square of pixels, and nothing else of it is kept."""

from __future__ import annotations

import io
import logging
import threading
import warnings

from PIL import Image, ImageOps

from wellchat.errors import Invalid
from wellchat.i18n import gettext

log = logging.getLogger(__name__)

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")  # decided by what is in the file, not by what it calls itself
SIDE = 256  # pixels
MAX_PIXELS = 40_000_000
MAX_SOURCE_SIDE = (
    65_535  # all that JPEG and GIF can say; a moving WebP that says more decodes for half a minute
)
MAX_MB = 8
MAX_BYTES = MAX_MB * 1024 * 1024

_lock = threading.Lock()  # one at a time: the largest takes more than a hundred megabytes while it is open


def square(upload: bytes) -> bytes:
    """A WebP of SIDE by SIDE pixels, upright, without metadata. Raises Invalid."""
    if not upload:
        raise Invalid({"picture": gettext("Choose a picture first.")})
    if len(upload) > MAX_BYTES:
        raise Invalid({"picture": gettext("At most %(num)s MB.", num=MAX_MB)})
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower
        try:
            return _square(upload)
        except (Invalid, MemoryError):
            raise  # said already; and what the machine lacks is no fault of the picture's
        except (
            Exception
        ) as fault:  # of a damaged file Pillow raises what it meets: IndexError, struct.error, KeyError
            log.info("a picture cannot be opened: %r", fault)
            raise Invalid(
                {"picture": gettext("This cannot be opened as a JPEG, PNG, WebP or GIF picture.")}
            ) from None


def _square(upload: bytes) -> bytes:
    with Image.open(io.BytesIO(upload), formats=FORMATS) as picture:
        width, height = picture.size  # from the header; nothing is decoded yet
        if width * height > MAX_PIXELS:
            text = gettext(
                "%(width)s by %(height)s pixels is too large. At most %(num)s million pixels.",
                width=width,
                height=height,
                num=MAX_PIXELS // 1_000_000,
            )
            raise Invalid({"picture": text})
        if max(width, height) > MAX_SOURCE_SIDE:
            text = gettext(
                "This picture is too long. At most %(num)s pixels on one side.", num=MAX_SOURCE_SIDE
            )
            raise Invalid({"picture": text})
        picture.draft("RGB", (SIDE * 2, SIDE * 2))  # a JPEG can be decoded small
        fitted = ImageOps.fit(ImageOps.exif_transpose(picture).convert("RGBA"), (SIDE, SIDE))
    plain = Image.new("RGB", (SIDE, SIDE), "white")  # a fresh canvas: no EXIF, no colour profile, no comment
    plain.paste(fitted, mask=fitted)
    out = io.BytesIO()
    plain.save(out, "WEBP", quality=86)
    return out.getvalue()
