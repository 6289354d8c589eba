"""Turn an uploaded picture into a small square of pixels; nothing else of the file is kept."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

from wellchat import pictures
from wellchat.errors import Invalid
from wellchat.i18n import N_, gettext
from wellchat.srgb import in_srgb

SIDE = 256  # pixels
MAX_PIXELS = 40_000_000
MAX_MB = 8
MAX_BYTES = MAX_MB * 1024 * 1024
NOT_A_PICTURE = N_("This cannot be opened as a JPEG, PNG, WebP or GIF picture.")


def square(upload: bytes) -> bytes:
    """Return a WebP of SIDE by SIDE pixels, upright, without metadata. Raises Invalid."""
    if not upload:
        raise Invalid({"picture": gettext("Choose a picture first.")})
    if len(upload) > MAX_BYTES:
        raise Invalid({"picture": gettext("At most %(num)s MB.", num=MAX_MB)})
    try:
        with pictures.open_safely(upload, max_pixels=MAX_PIXELS) as picture:
            return _square(picture)
    except pictures.TooManyPixels as error:
        raise Invalid({"picture": _too_many_pixels(error.size)}) from None
    except pictures.TooLong:
        text = gettext("This picture is too long. At most %(num)s pixels on one side.", num=pictures.MAX_SIDE)
        raise Invalid({"picture": text}) from None
    except pictures.Damaged:
        raise Invalid({"picture": gettext(NOT_A_PICTURE)}) from None


def _too_many_pixels(size: tuple[int, int] | None) -> str:
    if size is None:
        return gettext(NOT_A_PICTURE)
    return gettext(
        "%(width)s by %(height)s pixels is too large. At most %(num)s million pixels.",
        width=size[0],
        height=size[1],
        num=MAX_PIXELS // 1_000_000,
    )


def _square(picture: Image.Image) -> bytes:
    # A JPEG can be decoded small.
    picture.draft("RGB", (SIDE * 2, SIDE * 2))
    fitted = ImageOps.fit(in_srgb(ImageOps.exif_transpose(picture)).convert("RGBA"), (SIDE, SIDE))
    # A fresh canvas: no EXIF, no colour profile, no comment.
    plain = Image.new("RGB", (SIDE, SIDE), "white")
    plain.paste(fitted, mask=fitted)
    out = io.BytesIO()
    plain.save(out, "WEBP", quality=86)
    return out.getvalue()
