"""The responses of the JSON calls, for the OpenAPI document."""

from __future__ import annotations

from pydantic import BaseModel

from wellchat.shapes import Id, Moment, like


class KeyAnswer(BaseModel):
    public_key: str = like(
        "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"
    )


class DeviceShape(BaseModel):
    """A browser that is pushed to. `shows_words`: pushes contain the words of messages."""

    id: Id
    label: str = like("Firefox on Android")
    shows_words: bool
    created_at: Moment


class DeviceAnswer(BaseModel):
    device: DeviceShape


class DevicesAnswer(BaseModel):
    devices: list[DeviceShape]
