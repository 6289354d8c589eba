"""Turn an uploaded picture into a small square of pixels; nothing else of the file is kept."""

from __future__ import annotations

import io
import logging
import threading
import warnings

from PIL import Image, ImageOps

from wellchat.errors import Invalid
from wellchat.i18n import gettext

log = logging.getLogger(__name__)

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")  # detected from the content, not from the file name
SIDE = 256  # pixels
MAX_PIXELS = 40_000_000
MAX_SOURCE_SIDE = 65_535  # the limit of JPEG and GIF; a larger animated WebP decodes for half a minute
MAX_MB = 8
MAX_BYTES = MAX_MB * 1024 * 1024

_lock = threading.Lock()  # one at a time: the largest picture takes more than 100 MB while it is open


def square(upload: bytes) -> bytes:
    """Return a WebP of SIDE by SIDE pixels, upright, without metadata. Raises Invalid."""
    if not upload:
        raise Invalid({"picture": gettext("Choose a picture first.")})
    if len(upload) > MAX_BYTES:
        raise Invalid({"picture": gettext("At most %(num)s MB.", num=MAX_MB)})
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower
        try:
            return _square(upload)
        except (Invalid, MemoryError):
            raise  # Invalid is our own refusal; a lack of memory is not the picture's fault
        except (
            Exception
        ) as fault:  # Pillow raises many types for a damaged file: IndexError, struct.error, KeyError
            log.info("a picture cannot be opened: %r", fault)
            raise Invalid(
                {"picture": gettext("This cannot be opened as a JPEG, PNG, WebP or GIF picture.")}
            ) from None


def _square(upload: bytes) -> bytes:
    with Image.open(io.BytesIO(upload), formats=FORMATS) as picture:
        # from the header; nothing is decoded yet, so a bomb is refused before it takes memory
        width, height = picture.size
        if width * height > MAX_PIXELS:
            text = gettext(
                "%(width)s by %(height)s pixels are too many. At most %(num)s million.",
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
        picture.draft("RGB", (SIDE * 2, SIDE * 2))  # a JPEG can be decoded at a smaller size
        fitted = ImageOps.fit(ImageOps.exif_transpose(picture).convert("RGBA"), (SIDE, SIDE))
    plain = Image.new("RGB", (SIDE, SIDE), "white")  # a fresh canvas: no EXIF, no colour profile, no comment
    plain.paste(fitted, mask=fitted)
    out = io.BytesIO()
    plain.save(out, "WEBP", quality=86)
    return out.getvalue()
