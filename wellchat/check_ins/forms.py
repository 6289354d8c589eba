"""Forms of check-ins."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from wellchat.check_ins.filling import refuse_unknown
from wellchat.forms import Filled, Form, Text
from wellchat.messaging.forms import MAX_BODY, HasBody, Id

MAX_NAME = 80


class SaveRule(HasBody):
    """A rule. `days` count from the day of the booking; for a birthday they mean nothing."""

    name: Annotated[Filled, StringConstraints(max_length=MAX_NAME)]
    occasion: Literal["last_booking", "visit", "birthday"]
    days: Annotated[int, Field(ge=0, le=730)] = 0
    hour: Annotated[int, Field(ge=0, le=23)] = 10
    body: Annotated[Text, StringConstraints(max_length=MAX_BODY), AfterValidator(refuse_unknown)]


class PauseRule(Form):
    """Whether a rule rests."""

    paused: bool = False


class LeaveOut(Form):
    """One check-in of a rule."""

    connection: Id
    occasion: Annotated[Text, StringConstraints(min_length=1, max_length=40)]
    on: bool = False


class SaveLimit(Form):
    """How many check-ins one person gets in a month."""

    per_month: Annotated[int, Field(ge=0, le=31)]


class RefuseCheckIns(Form):
    """Whether a client wants no check-ins of one professional."""

    refused: bool = False


def _number(value: object) -> object:
    return None if value == "" else value


class NoteBirthday(Form):
    """The day and month of a birthday; both empty to forget it."""

    day: Annotated[int | None, BeforeValidator(_number), Field(ge=1, le=31)] = None
    month: Annotated[int | None, BeforeValidator(_number), Field(ge=1, le=12)] = None
