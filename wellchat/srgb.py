"""Turn any picture into the eight-bit sRGB pixels that a browser would paint for it.

A browser scales 16 bits down, follows the profile of the picture (ICC.1), and the gamma of a PNG without one
(PNG, 11.3.2). Pillow by itself cuts 16 bits off and leaves profiles alone.
"""

from __future__ import annotations

import io

from PIL import Image, ImageCms

_WIDE = [(value * 255 + 32_767) // 65_535 for value in range(65_536)]
# The colour space in a profile -> the modes of pixels that it can speak of.
_SPACES = {"GRAY": ("L",), "RGB": ("RGB", "L"), "CMYK": ("CMYK",)}


def in_srgb(picture: Image.Image) -> Image.Image:
    """Return the picture as RGB, or as RGBA if any of it may be transparent. It keeps no profile."""
    colours, alpha = _parts(picture)
    made = _by_profile(colours, picture.info.get("icc_profile"))
    if made is None:
        made = _by_gamma(colours.convert("RGB"), picture)
    if alpha is not None:
        made.putalpha(alpha)
    return made


def _parts(picture: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Return (colours as L, RGB or CMYK, transparency as L or None), of eight bits each."""
    clear = picture.info.get("transparency")
    if picture.mode.startswith("I"):
        wide = picture.convert("I")
        seen = [0 if value == clear else 255 for value in range(65_536)]
        return wide.point(_WIDE, "L"), wide.point(seen, "L") if isinstance(clear, int) else None
    if picture.mode in ("1", "L") and clear is None:
        return picture.convert("L"), None
    if picture.mode == "LA":
        return picture.getchannel("L"), picture.getchannel("A")
    if picture.mode in ("RGBA", "PA", "La", "RGBa") or clear is not None:
        whole = picture.convert("RGBA")
        return whole.convert("RGB"), whole.getchannel("A")
    return (picture if picture.mode == "CMYK" else picture.convert("RGB")), None


def _by_profile(colours: Image.Image, profile: bytes | None) -> Image.Image | None:
    """Return the picture with its profile applied; None if it has none, or one that browsers leave alone."""
    if not profile:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        if colours.mode not in _SPACES.get(space, ()):
            return None
        if space == "GRAY":
            # All greys there are, each exactly: for many pixels LittleCMS rounds dark ones.
            greys = Image.frombytes("L", (256, 1), bytes(range(256)))
            lut = _transformed(greys, source, ImageCms.Flags.NOOPTIMIZE)
            return colours.convert("RGB").point([v for band in lut.split() for v in band.tobytes()])
        # Grey pixels with a profile of colours are colours that happen to be grey.
        return _transformed(colours.convert("RGB") if space == "RGB" else colours, source)
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A broken profile: the bare colours are close enough.
        return None


def _transformed(
    given: Image.Image, source: ImageCms.ImageCmsProfile, flags: ImageCms.Flags = ImageCms.Flags.NONE
) -> Image.Image:
    made = ImageCms.profileToProfile(
        given, source, ImageCms.createProfile("sRGB"), outputMode="RGB", flags=flags
    )
    assert made is not None
    return made


def _by_gamma(colours: Image.Image, picture: Image.Image) -> Image.Image:
    gamma = picture.info.get("gamma")
    if not gamma or gamma <= 0 or "srgb" in picture.info or picture.info.get("icc_profile"):
        return colours
    return colours.point([_encoded((value / 255) ** (1 / gamma)) for value in range(256)] * 3)


def _encoded(light: float) -> int:
    """Return the value of sRGB for an amount of light from 0 to 1 (IEC 61966-2-1)."""
    value = light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
    return round(value * 255)
