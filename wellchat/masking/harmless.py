"""Take away from a text the numbers that are no contact data: dates, times, prices, and numbers of things."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

BLANK = "\u25a1"  # stands where something was taken away; no number goes across it

# Not in the middle of a longer number: the French 06.12.12.34.56 is no date.
_ALONE = r"(?<![0-9.:/+-])", r"(?![.:/-]?[0-9])"
_DAY = r"[0-9]{1,2}[./-][0-9]{1,2}[./-](?:(?:19|20)[0-9]{2}|[0-9]{2})|(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}"
_DATE = re.compile(rf"{_ALONE[0]}({_DAY})(?: ?- ?({_DAY}))?{_ALONE[1]}")
_COMPACT_DATE = re.compile(r"(?<![0-9.:/+-])(?:19|20)[0-9]{2}[01][0-9][0-3][0-9](?![.:/-]?[0-9])")
_HALF_DAY = r"(?= ?(?:uhr|h\b|am\b|pm\b|a\.m|p\.m))"
_HOUR = rf"(?:[01]?[0-9]|2[0-3])(?:[:h][0-5][0-9](?::[0-5][0-9])?|\.[0-5][0-9]{_HALF_DAY})"
_TIME = re.compile(rf"{_ALONE[0]}{_HOUR}(?: ?- ?{_HOUR})?{_ALONE[1]}")
_SUM = r"(?:[0-9]{1,3}(?:[., '][0-9]{3}){1,3}|[0-9]{1,7})(?:[.,][0-9]{1,2})?"
_MONEY = r"(?:€|\$|£|chf\b|eur\b|euros?\b|usd\b|gbp\b|dollars?\b|pounds?\b|franken\b|francs?\b)"
_PRICE = re.compile(rf"{_MONEY} ?{_SUM}(?![0-9])|(?<![0-9.+]){_SUM} ?(?:{_MONEY}|,-)")
_ISBN = re.compile(r"isbn(?:-1[03])?:? {0,2}([0-9](?:[ -]?[0-9]){8,11}[ -]?[0-9x])(?![0-9])")
_IBAN = re.compile(r"(?<![a-z0-9])[a-z]{2}[0-9]{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,3})?(?![a-z0-9])")
_THING = (
    r"(?:order|invoice|booking|reference|ref|receipt|ticket|voucher|customer|tracking|article|case"
    r"|bestellung|bestell|auftrags?|rechnungs?|rechnung|buchungs?|buchung|beleg|kunden|gutschein|artikel"
    r"|commande|facture|réservation|reservation|référence|reçu|dossier|colis)"
)
_SIGN = r"(?:[ -]?(?:no|nr|number|nummer|numéro|num|n°|id|code)\b\.?|s?nummer|snr\.?|nr\.?)?"
# One word, and not as a number at home or abroad begins: "order 0151..." stays.
_NUMBER_OF_THING = re.compile(
    rf"\b{_THING}{_SIGN}[ :#]{{0,3}}(?!0|\+)((?=[a-z-]{{0,8}}[0-9])[a-z0-9/-]{{4,24}})"
)


def without_harmless(text: str) -> str:
    """Return a canonical text of the same length, with BLANK in place of what is no contact data."""
    if not any("0" <= character <= "9" for character in text):
        return text
    for pattern, holds in _RULES:
        text = pattern.sub(lambda found, holds=holds: _blanked(found, holds), text)  # type: ignore[misc]
    return text


def _blanked(found: re.Match[str], holds: Callable[[re.Match[str]], bool]) -> str:
    return BLANK * len(found[0]) if holds(found) else found[0]


def _is_date(found: re.Match[str]) -> bool:
    return all(_is_day(written) for written in found.groups() if written)


def _is_day(written: str) -> bool:
    one, two, three = (int(part) for part in re.split("[./-]", written))
    if one > 31:
        one, two, three = three, two, one
    # 12/04 and 04.12 are both written.
    return 1 <= min(one, two) <= 12 and 1 <= max(one, two) <= 31


def _is_compact_date(found: re.Match[str]) -> bool:
    try:
        date(int(found[0][:4]), int(found[0][4:6]), int(found[0][6:]))
    except ValueError:
        return False
    return True


def _is_isbn(found: re.Match[str]) -> bool:
    """Return whether the check digit is right: a telephone number after the word ISBN is none."""
    digits = re.sub("[ -]", "", found[1])
    values = [10 if digit == "x" else int(digit) for digit in digits]
    if len(values) == 10:
        return sum(value * (10 - place) for place, value in enumerate(values)) % 11 == 0
    return len(values) == 13 and sum(v * (3 if place % 2 else 1) for place, v in enumerate(values)) % 10 == 0


def _is_iban(found: re.Match[str]) -> bool:
    """Return whether the check digits are right (ISO 13616)."""
    plain = found[0].replace(" ", "")
    return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97 == 1


def _always(_found: re.Match[str]) -> bool:
    return True


_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], bool]], ...] = (
    (_ISBN, _is_isbn),
    (_IBAN, _is_iban),
    (_NUMBER_OF_THING, _always),
    (_DATE, _is_date),
    (_COMPACT_DATE, _is_compact_date),
    (_TIME, _always),
    (_PRICE, _always),
)
