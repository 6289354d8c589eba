"""session_ids: a proof replaces the id of a session; devices that are pushed to name its row, no usable id"""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0017"
branch_labels = None
depends_on = None

LASTS = timedelta(days=90)
TIME = sa.DateTime(timezone=True)
users = sa.table("users", sa.column("id"), sa.column("session_epoch"))
used = sa.table("used_links", sa.column("digest"))
devices = sa.table("push_devices", sa.column("id"), sa.column("user_id"), sa.column("session"))
sessions = sa.table(
    "sessions",
    *(sa.column(name) for name in ("id", "user_id", "digest", "network", "device", "remembered")),
    *(sa.column(name, TIME) for name in ("made_at", "seen_at", "ends_at")),
)


def _sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def _row_of(cookie, now):
    """Return the id of the row of a session cookie; one from before there were rows gets its row.

    None if the session is over.
    """
    user_id, _, rest = cookie.partition(".")
    epoch, _, session_id = rest.partition(".")
    digest, bind = _sha256(f"session:{session_id}"), op.get_bind()
    row_id = bind.execute(sa.select(sessions.c.id).where(sessions.c.digest == digest)).scalar()
    if row_id is not None:
        return row_id
    present = bind.execute(sa.select(users.c.session_epoch).where(users.c.id == user_id)).scalar()
    ended = sa.select(used.c.digest).where(used.c.digest.in_([digest, _sha256(f"rowless:{user_id}")]))
    day = session_id.partition("~")[0]
    if str(present) != epoch or not day.isdecimal() or bind.execute(ended).first():
        return None
    row = {"id": secrets.token_hex(6), "user_id": user_id, "digest": digest, "made_at": now, "seen_at": now}
    row["ends_at"] = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=int(day)) + LASTS
    bind.execute(sa.insert(sessions).values(network="", device="", remembered=False, **row))
    return row["id"]


def upgrade():
    with op.batch_alter_table("sessions") as batch_op:
        batch_op.add_column(sa.Column("old_digest", sa.String(64), nullable=True))
        batch_op.add_column(sa.Column("old_until", TIME, nullable=True))
        batch_op.create_unique_constraint(op.f("uq_sessions_old_digest"), ["old_digest"])
    now, bind = datetime.now(UTC), op.get_bind()
    found = bind.execute(sa.select(devices.c.id, devices.c.session).where(devices.c.session.is_not(None)))
    for device_id, cookie in found.all():
        mine, row_id = devices.c.id == device_id, _row_of(cookie, now)
        if row_id is None:
            bind.execute(sa.delete(devices).where(mine))
        else:
            bind.execute(sa.update(devices).where(mine).values(session=row_id))


def downgrade():
    # A row has no way back to the id in its cookie. Each browser registers again when a page opens.
    op.get_bind().execute(sa.delete(devices).where(devices.c.session.is_not(None)))
    with op.batch_alter_table("sessions") as batch_op:
        batch_op.drop_constraint(op.f("uq_sessions_old_digest"), type_="unique")
        batch_op.drop_column("old_until")
        batch_op.drop_column("old_digest")
