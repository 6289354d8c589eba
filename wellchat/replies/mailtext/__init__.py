"""Find what a person wrote in a mail: a small library of its own. See README.md beside this file."""

from .charsets import codec_of, decode, decode_html
from .headers import decode_header, with_plain_headers
from .html_text import html_to_text
from .marks import pictures_in, without_marks
from .stripping import Reply, extract_reply, split_reply

__all__ = [
    "Reply", "codec_of", "decode", "decode_header", "decode_html",
    "extract_reply", "html_to_text", "pictures_in",
    "split_reply", "with_plain_headers", "without_marks",
]  # fmt: skip
