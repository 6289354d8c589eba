"""The JSON of the answers about imports, for the OpenAPI document."""

from __future__ import annotations

from pydantic import BaseModel


class ImportState(BaseModel):
    """An import. `read` counts lines, `made`, `same` and `changed` messages, `refused` lines."""

    id: str | None
    name: str
    state: str
    read: int
    made: int
    same: int
    changed: int
    refused: int
    threads: int
    ends_in: int | None


class OneImport(BaseModel):
    """An import."""

    import_: ImportState

    model_config = {"alias_generator": lambda name: name.rstrip("_")}


class ReportLine(BaseModel):
    """A line of the report; `kind` is refused, note or merge."""

    id: int
    kind: str
    line: int | None
    text: str


class ReportPage(BaseModel):
    """Lines of the report. Go on with `after` = `next` until it is null."""

    report: list[ReportLine]
    next: int | None
