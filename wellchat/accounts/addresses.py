"""Read email addresses: one canonical text for each, for forms, for looking up, and for counting."""

from __future__ import annotations

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from wellchat.i18n import gettext

# An installation may be on an intranet, where .local and .test are real addresses.
SPECIAL_USE_DOMAIN_NAMES.clear()


def parse_address(text: str) -> str:
    """Return one address in lower case, as a mail server accepts it (RFC 5321).

    Intranet names are accepted. Raises ValueError with a sentence for people.
    """
    try:
        found = validate_email(
            text.strip(),
            check_deliverability=False,
            globally_deliverable=False,
            allow_smtputf8=False,
            strict=True,
        )
    except EmailNotValidError:
        raise ValueError(
            gettext("This is not an email address. Enter one such as name@example.com.")
        ) from None
    address = (found.ascii_email or found.normalized).lower()
    if len(address) > 254:
        raise ValueError(gettext("At most 254 characters."))
    return address


def canonical_address(text: str) -> str:
    """Return the one text under which an address is looked up and counted.

    All spellings that lead to one account give the same text: a limit that counted what was typed could be
    walked around with another spelling. What is no address is only trimmed and put in lower case.
    """
    try:
        return parse_address(text)
    except ValueError:
        return text.strip().lower()
