"""Read, reckon and write amounts of money: whole numbers of the smallest unit, never floats."""

from __future__ import annotations

import re
from decimal import Decimal

from babel.numbers import format_currency

from wellchat.i18n import gettext, language

# How many digits a currency has behind the point. What is not here is refused: rules differ too much.
DIGITS = dict.fromkeys(("EUR", "USD", "GBP", "CHF", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN", "CZK"), 2)
DIGITS["JPY"] = 0
MOST = 2**31  # what the databases hold
AMOUNT = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ([A-Z]{3})")


def read(text: str) -> tuple[int, str] | None:
    """Return (smallest units, currency) of "75.00 EUR"; None where that is no amount.

    An amount with more digits than its currency has is none either: nothing is rounded.
    """
    found = AMOUNT.fullmatch(text.strip())
    if found is None or found[2] not in DIGITS:
        return None
    units = Decimal(found[1]).scaleb(DIGITS[found[2]])
    return (int(units), found[2]) if units == units.to_integral_value() and units < MOST else None


def parse(text: str) -> tuple[int, str]:
    """Return (smallest units, currency) of "75.00 EUR". Raises ValueError with a sentence for people."""
    found = read(text)
    if found is None:
        raise ValueError(gettext("Write an amount and a currency, such as 75.00 EUR."))
    return found


def of_minutes(minutes: int, hour_minor: int) -> int:
    """Return what so many minutes cost at a price of an hour, half up to the smallest unit."""
    return (2 * minutes * hour_minor + 60) // 120


def share(amount: int, hundredths: int) -> int:
    """Return a share, in hundredths of a per cent, of an amount, half up to the smallest unit."""
    return (2 * amount * hundredths + 10_000) // 20_000


def plain(amount: int, currency: str) -> str:
    """Return "75.00 EUR", which `parse` reads."""
    return f"{Decimal(amount).scaleb(-DIGITS.get(currency, 2)):f} {currency}"


def shown(amount: int, currency: str) -> str:
    """Return an amount as people of the current language write it."""
    return str(format_currency(Decimal(amount).scaleb(-DIGITS.get(currency, 2)), currency, locale=language()))
