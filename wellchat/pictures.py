"""Open pictures that strangers send. Limits are checked on the header, before a pixel is decoded."""

from __future__ import annotations

import io
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec

from PIL import Image

from wellchat.errors import Invalid

log = logging.getLogger(__name__)

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")  # decided by what is in the file, not by what it calls itself
MAX_SIDE = 65_535  # all that JPEG and GIF can say; an animated WebP that says more decodes for half a minute

# One picture at a time: the largest takes hundreds of megabytes while it is open.
_lock = threading.Lock()


def _formats() -> tuple[str, ...]:
    return (*FORMATS, "HEIF") if opens_heic() else FORMATS


class PictureError(Exception):
    """A file that is not opened as a picture."""


class TooManyPixels(PictureError):
    """`size` is (width, height); None where Pillow refused it before it could be known."""

    def __init__(self, size: tuple[int, int] | None) -> None:
        super().__init__(size)
        self.size = size


class TooLong(PictureError):
    """A side has more than MAX_SIDE pixels."""


class Damaged(PictureError):
    """The file is none of FORMATS, or cannot be decoded."""


@cache
def opens_heic() -> bool:
    """Return whether pictures of iPhones can be opened: pillow-heif is an extra that need not be there."""
    if find_spec("pillow_heif") is None:
        return False
    from pillow_heif import register_heif_opener

    register_heif_opener(thumbnails=False)
    return True


@contextmanager
def open_safely(content: bytes, *, max_pixels: int) -> Iterator[Image.Image]:
    """Yield the picture in `content`, not yet decoded; decode it inside the block.

    Raises TooManyPixels, TooLong, and Damaged for whatever Pillow raises on opening or inside the block.
    Invalid and MemoryError pass through: what the machine lacks is no fault of the picture.
    """
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower
        try:
            with Image.open(io.BytesIO(content), formats=_formats()) as picture:
                if picture.width * picture.height > max_pixels:
                    raise TooManyPixels(picture.size)
                if max(picture.size) > MAX_SIDE:
                    raise TooLong
                yield picture
        except (PictureError, Invalid, MemoryError):
            raise
        except Image.DecompressionBombError:
            raise TooManyPixels(None) from None
        # Of a damaged file Pillow raises what it meets: IndexError, struct.error, KeyError.
        except Exception as fault:
            log.info("a picture cannot be opened: %r", fault)
            raise Damaged from None
