"""Decode bytes of mails, whatever their label says.

Labels mean what the Encoding Standard (https://encoding.spec.whatwg.org/#names-and-labels) says: the superset
that programs really write, such as GB18030 for "gb2312". One broken character is replaced; it does not turn
the rest into noise.
"""

from __future__ import annotations

import codecs
import re

# Labels in small letters and digits alone -> Python's codec. The others Python knows itself.
_SUPERSETS = {
    label: codec
    for codec, labels in {
        "utf-8": "unicode11utf8 unicode20utf8 xunicode20utf8 utf8mb4 utf8mb3",
        "utf-7": "unicode11utf7 xunicode20utf7 csunicode11utf7",
        "utf-16-be": "utf16be unicodefffe",
        "utf-16-le": "utf16le csunicode iso10646ucs2 ucs2 unicode unicodefeff",
        "cp1252": "ascii usascii ansix341968 ansi xansi cp819 ibm819 csisolatin1 isoir100 iso88591"
        " iso885911987 latin1 l1 xcp1252 windows1252 iso646us",
        "cp1254": "csisolatin5 isoir148 iso88599 iso885991989 latin5 l5 xcp1254 turkish",
        "iso8859-6": "csiso88596e csiso88596i iso88596e iso88596i",
        "iso8859-7": "suneugreek",
        "iso8859-8": "csiso88598e iso88598e visual csiso88598i iso88598i logical",
        "iso8859-15": "csisolatin9 l9",
        "koi8-r": "koi koi8 cskoi8r",
        "koi8-u": "koi8ru",
        "mac_roman": "mac macintosh csmacintosh xmacroman",
        "mac_cyrillic": "xmaccyrillic xmacukrainian",
        "cp874": "dos874 iso885911 tis620 windows874",
        "cp1250": "xcp1250", "cp1251": "xcp1251", "cp1253": "xcp1253", "cp1255": "xcp1255",
        "cp1256": "xcp1256", "cp1257": "xcp1257", "cp1258": "xcp1258",
        "gb18030": "chinese csgb2312 csiso58gb231280 gb2312 gb231280 gbk isoir58 xgbk gb180302000 cp936 936"
        " euccn xeuccn gb23121980",
        "big5hkscs": "big5 cnbig5 csbig5 xxbig5 xbig5 big5eten",
        "cp932": "csshiftjis shiftjis sjis windows31j xsjis cswindows31j mskanji xmscp932",
        "cp949": "cseuckr csksc56011987 euckr isoir149 korean ksc56011987 ksc56011989 ksc5601 windows949 uhc",
        "euc_jp": "cseucpkdfmtjapanese xeucjp",
    }.items()
    for label in labels.split()
}  # fmt: skip
_NO_CODECS_OF_TEXT = {
    "base64",
    "bz2",
    "hex",
    "punycode",
    "quopri",
    "rot13",
    "uu",
    "zlib",
    "idna",
    "undefined",
}
_MULTI_BYTE = {
    "gb18030", "big5hkscs", "cp932", "cp949", "euc_jp", "iso2022_jp", "iso2022_kr", "hz", "johab", "utf-7",
    "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp874",
}  # fmt: skip
_ESCAPED = re.compile(rb"\x1b(\$\(?[@BD]|\([BJIH]|\$[@B])")
_META = re.compile(rb"<meta\b[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)


def codec_of(label: str) -> str | None:
    """Return Python's codec for a label of a character set: its superset. None: nobody knows the label."""
    asked = re.sub(r"[^a-z0-9]", "", label.lower()[:60])
    if asked in _SUPERSETS:
        return _SUPERSETS[asked]
    for name in (label.lower(), asked):
        try:
            found = codecs.lookup(name).name
        except (LookupError, ValueError, UnicodeError):
            continue
        if re.sub(r"[^a-z0-9]|codec$", "", found) not in _NO_CODECS_OF_TEXT:
            return found
    return None


def decode(content: bytes, label: str = "") -> str:
    """Return the text in these bytes. It never fails: what cannot be decoded becomes U+FFFD.

    `label` is what the mail says ("": nothing). It is right unless the bytes say otherwise: text that is
    valid UTF-8 is UTF-8, and a label under which most of it breaks is not believed.
    """
    codec = codec_of(label)
    if codec in (None, "utf-8"):
        order = ["utf-8"]
    elif codec in _MULTI_BYTE:
        order = [codec, "utf-8"]
    else:
        # A text in one byte a letter is as good as never valid UTF-8 by chance.
        order = ["utf-8", codec]
    if codec and codec.startswith("iso2022_jp") and b"\x1b" in content:
        return _iso_2022_jp(content)
    if codec == "utf-16-le" and content.startswith(b"\xfe\xff"):
        order = ["utf-16", *order]
    for each in order:
        try:
            return content.decode(each)
        except (UnicodeError, ValueError):
            continue
    return _nearly_decoded(content, [codec or "utf-8", "cp950" if codec == "big5hkscs" else "utf-8"])


def decode_html(content: bytes, label: str = "") -> str:
    """Return the text of an HTML part, as `decode`. Without a label its own <meta charset> counts."""
    if not codec_of(label) and (named := _META.search(content[:4_096])):
        label = named[1].decode("ascii", "replace")
    return decode(content, label)


def _nearly_decoded(content: bytes, choices: list[str]) -> str:
    """Return the text under the choice that breaks least, or as Windows-1252 where each breaks most of it."""
    texts = [content.decode(each, "replace") for each in choices]
    best = min(texts, key=lambda text: text.count("\ufffd"))
    broken = best.count("\ufffd")
    right = sum(character > "\x7f" for character in best) - broken
    return best if right >= broken else content.decode("cp1252", "replace")


def _iso_2022_jp(content: bytes) -> str:
    """Return the text of ISO-2022-JP (RFC 1468), with half-width kana and the letters of NEC and IBM.

    Python's own codec knows neither; mail programs write both. Each run of two bytes is row and cell of
    JIS X 0208, which are the same in Shift_JIS by arithmetic.
    """
    runs, found = _ESCAPED.split(content), []
    for escape, run in zip([b"(B", *runs[1::2]], runs[::2], strict=True):
        if escape.startswith(b"$"):
            # A line break ends the run of its own accord; writers forget the escape.
            pairs, _, rest = run.partition(b"\n")
            found.append(_shifted(pairs).decode("cp932", "replace"))
            found.append((b"\n" + rest).decode("cp1252", "replace") if b"\n" in run else "")
        elif escape == b"(I":
            found.append(
                bytes(each | 0x80 if each > 0x20 else each for each in run).decode("cp932", "replace")
            )
        else:
            found.append(run.decode("cp932", "replace"))
    return "".join(found)


def _shifted(pairs: bytes) -> bytes:
    """Return pairs of JIS row and cell in Shift_JIS."""
    made = bytearray()
    for first, second in zip(pairs[::2], pairs[1::2], strict=False):
        if not (0x21 <= first <= 0x7E and 0x21 <= second <= 0x7E):
            made += b"?"
            continue
        lead = (first - 0x21) // 2 + 0x81
        lead += 0x40 if lead > 0x9F else 0
        trail = second + ((0x1F if second < 0x60 else 0x20) if first % 2 else 0x7E)
        made += bytes((lead, trail))
    return bytes(made)
