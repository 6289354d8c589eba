"""Make every kind of mail as it would be, with an example for a person."""

from __future__ import annotations

from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import NamedTuple

from wellchat.brand.mail_samples import PLAIN_NAME, samples
from wellchat.errors import NotFound
from wellchat.feature import registry
from wellchat.i18n import available_languages, force_language, gettext
from wellchat.mail.compose import DISCREET, render_example


class Kind(NamedTuple):
    """A kind of mail, and what it is called in the reader's language."""

    name: str
    label: str


def kinds() -> list[Kind]:
    """Return the kinds of mail of this installation, in the order of their labels."""
    known = samples(PLAIN_NAME)
    labels = {name: gettext(kind.label) for name, kind in registry().mails.items() if name in known}
    labels[DISCREET] = gettext("Discreet email")
    return sorted((Kind(*each) for each in labels.items()), key=lambda kind: kind.label.casefold())


def preview(name: str, in_language: str, now: datetime) -> EmailMessage:
    """Return a mail of this kind as it would be. Raises NotFound for a kind or language that is not there."""
    if name not in {kind.name for kind in kinds()} or in_language not in available_languages():
        raise NotFound
    with force_language(in_language):
        example = samples(PLAIN_NAME)[name]
    content = render_example(name, example, language=in_language, now=now)
    return message_from_bytes(content, policy=policy.default)
