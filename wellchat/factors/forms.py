"""Check what people enter about their second factors."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from wellchat.accounts.forms import OneLine
from wellchat.factors.codes import MAX_TYPED
from wellchat.forms import Form, Text
from wellchat.reasons import MAX_REASON, MIN_REASON

MAX_RESPONSE = 32_000  # characters of what a browser says of a passkey; a few hundred are usual

Code = Annotated[Text, StringConstraints(min_length=1, max_length=MAX_TYPED)]
PasskeyLabel = Annotated[OneLine, StringConstraints(max_length=80)]
ResponseText = Annotated[Text, StringConstraints(min_length=1, max_length=MAX_RESPONSE)]


class TypedCode(Form):
    """A code of an app, or a recovery code."""

    code: Code


class NewApp(TypedCode):
    """The first code of a new app; `sealed` is its secret as the page was given it."""

    sealed: Annotated[Text, StringConstraints(min_length=1, max_length=400)]


class PasskeyResponse(Form):
    """The answer of the browser, as JSON."""

    response: ResponseText


class NewPasskey(PasskeyResponse):
    """A new passkey."""

    name: PasskeyLabel = ""


class PasskeyName(Form):
    """Another name for a passkey."""

    name: Annotated[OneLine, StringConstraints(min_length=1, max_length=80)]


class ResetReason(Form):
    """Why somebody's factors are to be reset."""

    reason: Annotated[OneLine, StringConstraints(min_length=MIN_REASON, max_length=MAX_REASON)]
