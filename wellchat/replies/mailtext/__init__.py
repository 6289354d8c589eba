"""Find what a person wrote in a mail: a small library of its own. See README.md beside this file."""

from wellchat.replies.mailtext.charsets import codec_of, decode, decode_html
from wellchat.replies.mailtext.headers import decode_header, with_plain_headers
from wellchat.replies.mailtext.html_text import html_to_text
from wellchat.replies.mailtext.marks import pictures_in, without_marks
from wellchat.replies.mailtext.stripping import Reply, extract_reply, split_reply

__all__ = [
    "Reply", "codec_of", "decode", "decode_header", "decode_html",
    "extract_reply", "html_to_text", "pictures_in",
    "split_reply", "with_plain_headers", "without_marks",
]  # fmt: skip
