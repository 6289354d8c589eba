"""Take a logo from somebody's file: an SVG of shapes only, written anew, or a PNG of pixels only.

What a logo may hold is listed here; all else is refused, or left out where nobody sees it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from xml.parsers import expat

from wellchat.i18n import gettext

SVG, PNG = "image/svg+xml", "image/png"
MAX_SVG, MAX_PNG = 64 * 1024, 2 * 1024 * 1024  # bytes of the file that is given
MAX_SIDE, MAX_PIXELS = 512, 16_000_000  # of a PNG: as it is kept, and as it is given
SPACE = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
_SHAPES = """
svg g defs symbol use path rect circle ellipse line polyline polygon clipPath mask style
linearGradient radialGradient stop
"""
_ATTRIBUTES = """
id class style d points x y x1 x2 y1 y2 cx cy r rx ry fx fy fr width height viewBox preserveAspectRatio
transform fill fill-rule fill-opacity stroke stroke-width stroke-linecap stroke-linejoin stroke-opacity
stroke-miterlimit stroke-dasharray stroke-dashoffset opacity color clip-path clip-rule clipPathUnits mask
maskUnits maskContentUnits offset stop-color stop-opacity gradientUnits gradientTransform spreadMethod
pathLength vector-effect paint-order
"""
SHAPES, ATTRIBUTES = frozenset(_SHAPES.split()), frozenset(_ATTRIBUTES.split())
UNSEEN = frozenset(("title", "desc", "metadata"))
# Of style sheets and values: no other file, no escapes that hide one.
_LOADS = re.compile(
    r"@|\\|<|url\((?!\s*['\"]?#)|(?<![\w-])(?:src|image|cross-fade)\(|image-set|expression|javascript:",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)(?:px)?")
_PLAIN_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*>")


# No tuple: of a setting, that would be several values.
@dataclass(frozen=True)
class Logo:
    """A logo that is safe to show. `digest` changes with it."""

    content: bytes
    type: str  # SVG or PNG
    digest: str

    def __str__(self) -> str:
        return f"{self.type}, {len(self.content)} bytes"

    @property
    def as_data(self) -> str:
        """Return it as a `data:` address (RFC 2397), for an image on a page."""
        return f"data:{self.type};base64,{base64.b64encode(self.content).decode()}"


def logo_of(content: bytes, kind: str) -> Logo:
    """Return a logo of what `read_logo` has checked before."""
    return Logo(content, kind, hashlib.sha256(content).hexdigest()[:12])


def logo_file(value: object) -> object:
    """Return the logo in the file that a setting names; None for none. Raises ValueError."""
    if not isinstance(value, str | Path) or not value:
        return value or None
    try:
        return read_logo(Path(value).read_bytes())
    except OSError as error:
        raise ValueError(f"cannot read {value}: {error.strerror}") from None


def read_logo(given: bytes) -> Logo:
    """Return the logo in a file. Raises ValueError with one sentence: what it is about, and what to do."""
    if given.startswith(b"\x89PNG\r\n\x1a\n"):
        return logo_of(_png(given), PNG)
    if b"<svg" in given[:MAX_SVG]:
        if len(given) > MAX_SVG:
            raise ValueError(gettext("An SVG logo has at most %(num)s kB.", num=MAX_SVG // 1024))
        return logo_of(_Svg(given).written(), SVG)
    raise ValueError(gettext("This is neither an SVG nor a PNG. Save the logo as one of them."))


def _png(given: bytes) -> bytes:
    if len(given) > MAX_PNG:
        raise ValueError(gettext("At most %(num)s MB.", num=MAX_PNG // 1024 // 1024))
    # Here, because the start of every process would pay for the library of pictures.
    from wellchat import pictures

    out = io.BytesIO()
    try:
        with pictures.open_safely(given, max_pixels=MAX_PIXELS) as picture:
            plain = picture.convert("RGBA")
            plain.thumbnail((MAX_SIDE, MAX_SIDE))
            # No text, no profile: of the file only the pixels stay.
            plain.info.clear()
            plain.save(out, "PNG", optimize=True)
    except pictures.TooManyPixels:
        raise ValueError(
            gettext("This picture is too large. At most %(num)s million pixels.", num=MAX_PIXELS // 1_000_000)
        ) from None
    except pictures.PictureError:
        raise ValueError(gettext("This PNG is damaged. Save it again.")) from None
    return out.getvalue()


class _Svg:
    """Reads an SVG element by element, and writes what is allowed."""

    def __init__(self, given: bytes) -> None:
        self._out: list[str] = []
        self._skipped = 0  # how deep inside of what is left out
        self._in_style = self._is_open = False
        self._root = True
        try:
            text = _PLAIN_DOCTYPE.sub("", given.decode("utf-8-sig"), count=1)
        except UnicodeDecodeError:
            raise ValueError(gettext("This SVG is not in UTF-8. Save it again.")) from None
        for word in ("<!DOCTYPE", "<!ENTITY"):
            if word in text:
                raise _unsafe(word)
        parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._words
        parser.buffer_text = True
        try:
            parser.Parse(text.encode(), True)
        except expat.ExpatError:
            raise ValueError(gettext("This SVG is damaged. Save it again.")) from None

    def written(self) -> bytes:
        """Return what is left, as SVG."""
        return "".join(self._out).encode()

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        space, _, tag = name.rpartition(" ")
        if self._skipped or space != SPACE or tag in UNSEEN:
            if space == SPACE and tag not in UNSEEN | SHAPES:
                raise _unsafe(f"<{tag}>")
            # What drawing programs note for themselves.
            self._skipped += 1
            return
        if tag == "text":
            raise ValueError(gettext("This SVG has text in a font. Turn the text into paths first."))
        if tag not in SHAPES or (self._root and tag != "svg"):
            raise _unsafe(f"<{tag}>")
        kept = dict(filter(None, (_attribute(*each) for each in attributes.items())))
        if self._root:
            kept = _with_size(kept)
        self._close()
        # `xlink:href` is what older programs read.
        spaces = f' xmlns="{SPACE}" xmlns:xlink="{XLINK}"' if self._root else ""
        self._root = False
        written = "".join(f' {key}="{escape(value)}"' for key, value in kept.items())
        self._out.append(f"<{tag}{spaces}{written}")
        self._is_open, self._in_style = True, tag == "style"

    def _end(self, name: str) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        self._close()
        self._in_style = False
        self._out.append(f"</{name.rpartition(' ')[2]}>")

    def _words(self, text: str) -> None:
        if self._in_style and not self._skipped:
            if _LOADS.search(text):
                raise _unsafe("<style>")
            self._close()
            self._out.append(escape(text, quote=False))

    def _close(self) -> None:
        if self._is_open:
            self._out.append(">")
            self._is_open = False


def _attribute(name: str, value: str) -> tuple[str, str] | None:
    """Return the attribute as it is written; None for one to leave out. Raises ValueError."""
    space, _, key = name.rpartition(" ")
    if key.lower().startswith("on"):
        raise _unsafe(key)
    if key == "href" and space in ("", XLINK):
        if not value.strip().startswith("#"):
            raise _unsafe("href")
        return "xlink:href", value.strip()
    if space or key not in ATTRIBUTES:
        return None
    if _LOADS.search(value):
        raise _unsafe(key)
    return key, value


def _with_size(root: Mapping[str, str]) -> dict[str, str]:
    kept = dict(root)
    sides = [_NUMBER.fullmatch(kept.get(side, "")) for side in ("width", "height")]
    if "viewBox" not in kept and all(sides):
        kept["viewBox"] = "0 0 " + " ".join(side[1] for side in sides if side)
    if "viewBox" not in kept:
        raise ValueError(gettext("This SVG does not say how large it is. Give it a viewBox."))
    return kept


def _unsafe(what: str) -> ValueError:
    return ValueError(
        gettext("This SVG holds %(what)s, which may load or run something. Save plain shapes.", what=what)
    )
