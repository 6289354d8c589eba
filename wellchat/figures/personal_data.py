"""Export and erase figures of a person.

A professional's own go with them. In sums over everybody nobody can be told from at least four others.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_, select, update

from wellchat.connections.models import Connection
from wellchat.db import db
from wellchat.figures import withheld
from wellchat.figures.models import FigureDay, FigurePair, FigureSeries
from wellchat.i18n import N_
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    own = select(FigureSeries.id).where(FigureSeries.professional_id == person.id)
    return {
        "figure_series": rows(FigureSeries, FigureSeries.professional_id == person.id),
        "figures": rows(FigureDay, FigureDay.series_id.in_(own)),
    }


def _erase(person: Person, _now: datetime) -> None:
    theirs = or_(Connection.client_id == person.id, Connection.professional_id == person.id)
    pairs = select(Connection.id).where(theirs)
    for statement in (
        delete(FigureSeries).where(FigureSeries.professional_id == person.id),
        delete(FigurePair).where(FigurePair.connection_id.in_(pairs)),
    ):
        db.session.execute(statement.execution_options(synchronize_session=False))
    for series in db.session.execute(
        select(FigureSeries).where(FigureSeries.professional_id.is_(None)).with_for_update()
    ).scalars():
        waiting = withheld.forget(series.waiting, person.id)
        keep = update(FigureSeries).where(FigureSeries.id == series.id).values(waiting=waiting)
        db.session.execute(keep.execution_options(synchronize_session=False))


personal_data = PersonalData(
    ("figure_series.professional_id",),
    _export,
    _erase,
    withheld={"figure_pairs": N_("it holds nothing but counts of the messages and bookings in this copy")},
)
