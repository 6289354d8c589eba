"""Export and erase what sign-on keeps of a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from wellchat.db import db
from wellchat.personal_data import Person, PersonalData, Rows, rows
from wellchat.sso.models import OidcSession


def _export(person: Person) -> dict[str, Rows]:
    omit = ("session_key", "id_token_sealed")
    return {"oidc_sessions": rows(OidcSession, OidcSession.user_id == person.id, omit=omit)}


def _erase(person: Person, _now: datetime) -> None:
    db.session.execute(delete(OidcSession).where(OidcSession.user_id == person.id))


personal_data = PersonalData(("oidc_sessions.user_id",), _export, _erase)
