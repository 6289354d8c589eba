"""Reply addresses: they say themselves whose a reply is, what it is about, and until when it is taken.

    wellchat+rWHO..ABOUT..DAY.SIGNATURE@example.com

Nothing is stored. The token is signed with the installation's key, in letters that survive lower-casing on
the way. Its first letter is the kind: `r` replies into one thread; `d` replies to a mail about several
threads, which cannot be answered as a whole; `b` takes bounces; `u` ends emails to one person.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from wellchat.config import secret_keys, setting
from wellchat.db import ID_ALPHABET
from wellchat.mail.hooks import session_epoch
from wellchat.setting_types import mailbox, reply_pattern

REPLY, DIGEST, BOUNCE, END = "r", "d", "b", "u"
UNSUBSCRIBE = "unsubscribe"  # the first word of the subject of a mail to an address of END
LIFETIME = timedelta(days=90)
EPOCH = date(2020, 1, 1)

_DAY, _ID = 3, 13  # characters, of five bits each
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_SIGNATURE = 25  # of _DIGITS: 129 bits (OWASP ASVS 11.2.3 asks for 128), or as many as there is room for
_SHORT_SIGNATURE = 14  # of five bits, 70 in all: what version 0.2 signed with
_SHORT_UNTIL = date(2027, 3, 15)  # the last day of any address with a short one
MAX_LOCAL_PART = 64  # characters before the @ (RFC 5321, section 4.5.3.1.1)
_TOKEN = re.compile(
    rf"[rdbu]((?:[{ID_ALPHABET}]{{{_ID}}}){{1,2}})([{ID_ALPHABET}]{{{_DAY}}})"
    rf"([{_DIGITS}]{{{_SHORT_SIGNATURE},{_SIGNATURE}}})"
)
# Base32 has letters that our ids leave out because they look like others.
_TO_ID_ALPHABET = str.maketrans("abcdefghijklmnopqrstuvwxyz234567", ID_ALPHABET)


class ReplyToken(NamedTuple):
    """The content of a reply address that we signed, expired or not."""

    kind: str
    user_id: str  # none of a bounce address
    target_id: str  # a thread's id, or a mail's; of END: the person's
    expires: date

    def is_expired(self, now: datetime) -> bool:
        """Return whether its last day, in UTC, is over."""
        return now.astimezone(UTC).date() > self.expires


def reply_address(*, user_id: str, thread_id: str, now: datetime) -> str | None:
    """Return the address for this person's replies into this thread. None: the installation takes none."""
    return _address(REPLY, user_id + thread_id, now) if takes_replies() else None


def digest_reply_address(*, user_id: str, mail_id: str, now: datetime) -> str | None:
    """Return the address for replies to a mail about several threads. None: the installation takes no mails.

    Mails sent before have it. Such a reply is refused: we cannot know which thread it is for, and must not
    guess.
    """
    return _address(DIGEST, user_id + mail_id, now) if takes_replies() else None


def envelope_sender(*, mail_id: str, now: datetime) -> str:
    """Return the envelope sender (RFC 5321), which is where mail servers send bounces.

    It is MAIL_FROM, unless the operator has said that mails to reply addresses reach us.
    """
    own = mailbox(setting("MAIL_FROM"))[1]
    return (_address(BOUNCE, mail_id, now) or own) if setting("REPLY_ADDRESS") else own


def unsubscribe_address(*, user_id: str, now: datetime) -> str | None:
    """Return the address that ends emails to this person (RFC 2369). None: mails do not reach us."""
    return _address(END, user_id, now) if setting("REPLY_ADDRESS") not in (None, "off") else None


def accepts_replies() -> bool:
    """Return whether mails to reply addresses reach us, as the operator says. Then mails may mention it."""
    return setting("REPLY_ADDRESS") not in (None, "off") and takes_replies()


def takes_replies() -> bool:
    """Return whether replies become messages: their author can be proven, or need not be."""
    return bool(setting("AUTHSERV_ID") or setting("UNPROVEN_REPLIES"))


def parse_reply_address(address: str) -> ReplyToken | None:
    """Return the token of an address that we made, expired or not. None: it is none of ours."""
    local, _, domain = address.strip().strip("<>").lower().rpartition("@")
    ours = _pattern()
    if ours is None or domain != ours[1]:
        return None
    token = local.removeprefix(ours[0])
    found = _TOKEN.fullmatch(token)
    if found is None:
        return None
    ids, day, signature = found.groups()
    expires = EPOCH + timedelta(days=_decode(day))
    if (token[0] in (BOUNCE, END)) != (len(ids) == _ID):
        return None
    if not _is_signed(token[: -len(signature)], ids, signature, expires):
        return None
    return ReplyToken(token[0], "" if token[0] == BOUNCE else ids[:_ID], ids[-_ID:], expires)


def _pattern() -> tuple[str, str] | None:
    return reply_pattern(setting("REPLY_ADDRESS"), setting("MAIL_FROM"))


def _address(kind: str, ids: str, now: datetime) -> str | None:
    ours = _pattern()
    if ours is None:
        return None
    expires = (now + LIFETIME).astimezone(UTC).date() - EPOCH
    payload = f"{kind}{ids}{_encode(expires.days)}"
    signature = _in_digits(_sign(payload, ids, setting("SECRET_KEY")))[: _signature_length(ours[0])]
    return f"{ours[0]}{payload}{signature}@{ours[1]}"


def _signature_length(prefix: str) -> int:
    """Return how many characters of the signature fit behind a prefix; the longest prefix leaves 14."""
    return min(_SIGNATURE, MAX_LOCAL_PART - len(prefix) - 1 - 2 * _ID - _DAY)


def has_room() -> bool:
    """Return whether reply addresses have room for the whole signature; True where there are none."""
    ours = _pattern()
    return ours is None or _signature_length(ours[0]) == _SIGNATURE


def _is_signed(payload: str, ids: str, signature: str, expires: date) -> bool:
    ours = _pattern()
    whole = ours is not None and len(signature) == _signature_length(ours[0])
    short = len(signature) == _SHORT_SIGNATURE and expires <= _SHORT_UNTIL
    made = []
    for digest in (_sign(payload, ids, secret) for secret in secret_keys()):
        if whole:
            made.append(_in_digits(digest)[: len(signature)])
        if short and setting("SHORT_REPLY_ADDRESSES"):
            made.append(_in_base32(digest)[:_SHORT_SIGNATURE])
    return any(hmac.compare_digest(signature, each) for each in made)


def _sign(payload: str, ids: str, secret: str) -> bytes:
    key = hashlib.sha256(b"wellchat.mail.address:" + secret.encode()).digest()
    if setting("REPLIES_END_WITH_SESSIONS") and len(ids) > _ID:
        # Signing somebody out everywhere then ends the addresses in the mails they have, too.
        payload += "".join(session_epoch(ids[:_ID]))
    return hmac.digest(key, payload.encode(), "sha256")


def _in_base32(signed: bytes) -> str:
    return base64.b32encode(signed).decode().lower().translate(_TO_ID_ALPHABET)


def _in_digits(signed: bytes) -> str:
    """Return _SIGNATURE characters. Base 36 needs one fewer than base 32, which a prefix of nine needs."""
    number, letters = int.from_bytes(signed, "big"), []
    for _ in range(_SIGNATURE):
        number, digit = divmod(number, len(_DIGITS))
        letters.append(_DIGITS[digit])
    return "".join(letters)


def _encode(number: int) -> str:
    return "".join(ID_ALPHABET[(number >> shift) & 31] for shift in range(5 * (_DAY - 1), -1, -5))


def _decode(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 32 + ID_ALPHABET.index(letter)
    return number
