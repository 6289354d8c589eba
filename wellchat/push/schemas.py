"""The responses of the JSON calls, for the OpenAPI document."""

from __future__ import annotations

from pydantic import BaseModel


class KeyAnswer(BaseModel):
    public_key: str


class DeviceShape(BaseModel):
    id: str
    label: str
    shows_words: bool
    created_at: str


class DeviceAnswer(BaseModel):
    device: DeviceShape


class DevicesAnswer(BaseModel):
    devices: list[DeviceShape]
