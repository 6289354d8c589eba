"""Export what a person has of factors, without any secret; erase all of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, update

from wellchat.db import db
from wellchat.factors.models import (
    FactorChallenge,
    FactorReset,
    FactorTry,
    HalfSignIn,
    Passkey,
    RecoveryCode,
    Totp,
)
from wellchat.personal_data import Person, PersonalData, Rows, rows

TABLES = (Totp, RecoveryCode, Passkey, FactorChallenge, HalfSignIn, FactorTry, FactorReset)
KEYS = ("credential_id", "public_key", "sign_count")


def _export(person: Person) -> dict[str, Rows]:
    return {
        "totp": rows(Totp, Totp.user_id == person.id, omit=("secret_sealed", "last_step")),
        "recovery_codes": rows(RecoveryCode, RecoveryCode.user_id == person.id, omit=("digest",)),
        "passkeys": rows(Passkey, Passkey.user_id == person.id, omit=KEYS),
        "half_sign_ins": rows(HalfSignIn, HalfSignIn.user_id == person.id, omit=("digest",)),
        "factor_challenges": rows(FactorChallenge, FactorChallenge.user_id == person.id, omit=("challenge",)),
        "factor_tries": rows(FactorTry, FactorTry.user_id == person.id),
        "factor_resets": rows(FactorReset, FactorReset.user_id == person.id),
    }


def _erase(person: Person, _now: datetime) -> None:
    for model in TABLES:
        db.session.execute(delete(model).where(model.user_id == person.id))
    # A reset that they asked for somebody else goes on without their name.
    db.session.execute(update(FactorReset).where(FactorReset.asked_by == person.id).values(asked_by=None))


personal_data = PersonalData(
    (*(f"{model.__tablename__}.user_id" for model in TABLES), "factor_resets.asked_by"), _export, _erase
)
