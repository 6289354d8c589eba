"""Check what owners and the host enter about the brand and its trades."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from wellchat import setting_types
from wellchat.accounts import names
from wellchat.forms import Form, Text
from wellchat.i18n import available_languages, gettext
from wellchat.shapes import sample

SIDES = ("client", "clients", "professional", "professionals")
MAX_KEY = MAX_WORD = 40


def _nothing_if_empty(value: object) -> object:
    return value.strip() or None if isinstance(value, str) else value


def _address(text: str) -> str:
    try:
        checked = setting_types.web_address_or_none(text)
    except ValueError:
        checked = None
    if not checked or not text.isprintable() or " " in text:
        raise ValueError(gettext("Enter a whole address, such as https://www.example.com."))
    return checked


def _mailbox(text: str) -> str:
    try:
        return setting_types.plain_address_or_none(text) or ""
    except ValueError:
        raise ValueError(gettext("Enter an email address, such as help@example.com.")) from None


def _language(text: str) -> str:
    if text not in available_languages():
        raise ValueError(
            gettext("Choose one of these languages: %(names)s.", names=", ".join(available_languages()))
        )
    return text


def checked_key(text: str) -> str:
    """Return the key of a trade. Raises ValueError for what no connection can name."""
    if not 0 < len(text) <= MAX_KEY or not text.isprintable() or text != text.strip():
        raise ValueError(gettext("The key of a trade has 1 to %(num)s characters.", num=MAX_KEY))
    return text


BrandName = Annotated[
    Text,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=40),
    AfterValidator(names.one_line),
    AfterValidator(names.plain_name),
]
Address = Annotated[
    Annotated[Text, StringConstraints(max_length=500), AfterValidator(_address)] | None,
    BeforeValidator(_nothing_if_empty),
]
Mailbox = Annotated[
    Annotated[Text, StringConstraints(max_length=254), AfterValidator(_mailbox)] | None,
    BeforeValidator(_nothing_if_empty),
]
Word = Annotated[
    Text,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_WORD),
    AfterValidator(names.one_line),
    AfterValidator(names.plain_name),
    AfterValidator(names.unposed),
]


class BrandForm(Form):
    """The form of the brand page. The names are those of the settings, small."""

    name: BrandName
    accent_hue: Annotated[int, Field(ge=0, le=360)]
    support_email: Mailbox = None
    terms_url: Address = None
    privacy_url: Address = None
    home_url: Address = None


class PutTrade(
    Form,
    json_schema_extra=sample({"locale": "en", "client": "Customer", "professional": "Stylist"}),
):
    """The words of a trade for the two sides, in one language. What is absent is kept; `null` clears."""

    locale: Annotated[Text, AfterValidator(_language)] = Field(
        default_factory=lambda: available_languages()[0]
    )
    client: Word | None = None
    clients: Word | None = None
    professional: Word | None = None
    professionals: Word | None = None
    sensitive: bool | None = None
