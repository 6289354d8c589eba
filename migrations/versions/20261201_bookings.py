"""Services, hours, bookings and calendar feeds.

What takes time in a calendar never overlaps: an exclusion constraint on PostgreSQL, two triggers on SQLite.
Alembic's batch mode may drop triggers: whoever alters `bookings` that way makes them again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0040"
branch_labels = None
depends_on = None

TAKES_TIME = "('held', 'requested', 'booked')"
OVERLAPS = f"""
BEGIN
  SELECT RAISE(ABORT, 'one_at_a_time') WHERE EXISTS (
    SELECT 1 FROM bookings
    WHERE professional_id = NEW.professional_id AND id <> NEW.id AND state IN {TAKES_TIME}
      AND blocks_from < NEW.blocks_until AND blocks_until > NEW.blocks_from
  );
END
"""
PERSON = sa.String(13)
MOMENT = sa.DateTime(timezone=True)


def person(name, **more):
    return sa.Column(name, PERSON, nullable=more.pop("nullable", False), **more)


def to_users(table, *columns, **more):
    return [
        sa.ForeignKeyConstraint([c], ["users.id"], name=op.f(f"fk_{table}_{c}_users"), **more) for c in columns
    ]


def to_calendar(table):
    name = op.f(f"fk_{table}_professional_id_calendars")
    return sa.ForeignKeyConstraint(["professional_id"], ["calendars.professional_id"], name=name)


def key(table, *columns):
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def check(table, name, rule):
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def upgrade():
    services()
    hours()
    bookings()
    nothing_overlaps()
    op.create_table(
        "calendar_feeds",
        person("user_id"),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("busy_only", sa.Boolean(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        *to_users("calendar_feeds", "user_id", ondelete="CASCADE"),
        key("calendar_feeds", "user_id"),
        sa.UniqueConstraint("digest", name=op.f("uq_calendar_feeds_digest")),
    )


def services():
    op.create_table(
        "services",
        sa.Column("id", PERSON, nullable=False),
        person("professional_id"),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("before_minutes", sa.Integer(), nullable=False),
        sa.Column("after_minutes", sa.Integer(), nullable=False),
        sa.Column("price_minor", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("asks", sa.Boolean(), nullable=False),
        sa.Column("window_minutes", sa.Integer(), nullable=False),
        sa.Column("late_share", sa.Integer(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("retired_at", MOMENT, nullable=True),
        check("services", "minutes", "minutes BETWEEN 5 AND 480"),
        check(
            "services",
            "buffers",
            "before_minutes BETWEEN 0 AND 480 AND after_minutes BETWEEN 0 AND 480",
        ),
        check("services", "late_share", "late_share BETWEEN 0 AND 10000"),
        check("services", "price", "(price_minor IS NULL) = (currency IS NULL)"),
        *to_users("services", "professional_id"),
        key("services", "id"),
    )
    op.create_index("ix_services_professional_id", "services", ["professional_id"])
    op.create_table(
        "hour_rates",
        person("professional_id"),
        sa.Column("hour_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        *to_users("hour_rates", "professional_id"),
        key("hour_rates", "professional_id"),
    )


def hours():
    op.create_table(
        "calendars",
        person("professional_id"),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("week_starts", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("notice_minutes", sa.Integer(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("most_per_day", sa.Integer(), nullable=True),
        sa.Column("most_per_week", sa.Integer(), nullable=True),
        sa.Column("changed_at", MOMENT, nullable=False),
        check("calendars", "step", "step BETWEEN 5 AND 240"),
        check("calendars", "week_starts", "week_starts BETWEEN 0 AND 6"),
        *to_users("calendars", "professional_id"),
        key("calendars", "professional_id"),
    )
    op.create_table(
        "hours",
        sa.Column("id", PERSON, nullable=False),
        person("professional_id"),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("begin_minute", sa.Integer(), nullable=False),
        sa.Column("end_minute", sa.Integer(), nullable=False),
        sa.Column("every", sa.Integer(), nullable=False),
        sa.Column("anchor", sa.Date(), nullable=True),
        check("hours", "span", "0 <= begin_minute AND begin_minute < end_minute AND end_minute <= 1440"),
        check("hours", "weekday", "weekday BETWEEN 0 AND 6"),
        check("hours", "every", "every IN (1, 2) AND (every = 1 OR anchor IS NOT NULL)"),
        to_calendar("hours"),
        key("hours", "id"),
    )
    op.create_table(
        "special_days",
        person("professional_id"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        to_calendar("special_days"),
        key("special_days", "professional_id", "day"),
    )
    for table, more in (("days_off", ()), ("stays", (sa.Column("zone", sa.String(64), nullable=False),))):
        op.create_table(
            table,
            sa.Column("id", PERSON, nullable=False),
            person("professional_id"),
            sa.Column("first_day", sa.Date(), nullable=False),
            sa.Column("last_day", sa.Date(), nullable=False),
            *more,
            check(table, "days", "first_day <= last_day"),
            to_calendar(table),
            key(table, "id"),
        )
    for table in ("hours", "days_off", "stays"):
        op.create_index(f"ix_{table}_professional_id", table, ["professional_id"])


def bookings():
    op.create_table(
        "bookings",
        sa.Column("id", PERSON, nullable=False),
        sa.Column("connection_id", PERSON, nullable=False),
        person("professional_id"),
        person("client_id"),
        sa.Column("service_id", PERSON, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("asks", sa.Boolean(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("starts_local", sa.String(16), nullable=False),
        sa.Column("fold", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("zone_data", sa.String(10), nullable=False),
        sa.Column("blocks_from", MOMENT, nullable=False),
        sa.Column("blocks_until", MOMENT, nullable=False),
        sa.Column("held_until", MOMENT, nullable=True),
        sa.Column("price_minor", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("window_minutes", sa.Integer(), nullable=False),
        sa.Column("late_share", sa.Integer(), nullable=False),
        sa.Column("free_until", MOMENT, nullable=False),
        sa.Column("agenda", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("client_key", sa.String(64), nullable=True),
        person("booked_by"),
        person("cancelled_by", nullable=True),
        sa.Column("cancelled_at", MOMENT, nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        check(
            "bookings",
            "state",
            "state IN ('held', 'lapsed', 'requested', 'booked', 'done', 'missed', 'cancelled')",
        ),
        check("bookings", "held_until", "(state = 'held') = (held_until IS NOT NULL)"),
        check("bookings", "times", "starts_at < ends_at"),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_bookings_connection_id_connections")
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_bookings_service_id_services")
        ),
        *to_users("bookings", "professional_id", "client_id", "booked_by", "cancelled_by"),
        key("bookings", "id"),
        sa.UniqueConstraint("client_id", "client_key", name=op.f("uq_bookings_client_id_client_key")),
    )
    op.create_index("ix_bookings_connection_id", "bookings", ["connection_id"])
    op.create_index("ix_bookings_professional_id_starts_at", "bookings", ["professional_id", "starts_at"])
    op.create_index("ix_bookings_client_id_starts_at", "bookings", ["client_id", "starts_at"])
    op.create_index("ix_bookings_state_ends_at", "bookings", ["state", "ends_at"])
    held = sa.text("state = 'held'")
    op.create_index(
        "ix_bookings_one_hold",
        "bookings",
        ["client_id"],
        unique=True,
        sqlite_where=held,
        postgresql_where=held,
    )
    op.create_table(
        "booking_changes",
        sa.Column("booking_id", PERSON, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("what", sa.String(12), nullable=False),
        person("actor_id", nullable=True),
        sa.Column("from_at", MOMENT, nullable=True),
        sa.Column("to_at", MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["bookings.id"],
            name=op.f("fk_booking_changes_booking_id_bookings"),
            ondelete="CASCADE",
        ),
        *to_users("booking_changes", "actor_id"),
        key("booking_changes", "booking_id", "seq"),
    )


def nothing_overlaps():
    if op.get_bind().dialect.name == "postgresql":
        # GiST compares ranges, and text only with an extension that some systems lack. So the calendar is a range
        # of one number of 63 bits: halved, or the greatest one would have none behind it.
        whose = "hashtextextended(professional_id, 0) >> 1"
        op.execute(
            "ALTER TABLE bookings ADD CONSTRAINT one_at_a_time EXCLUDE USING gist"
            f" (int8range({whose}, {whose}, '[]') WITH &&, tstzrange(blocks_from, blocks_until) WITH &&)"
            f" WHERE (state IN {TAKES_TIME})"
        )
        return
    for when, name in (("INSERT", "insert"), ("UPDATE OF state, professional_id, blocks_from, blocks_until", "update")):
        op.execute(
            f"CREATE TRIGGER bookings_one_at_a_time_{name} BEFORE {when} ON bookings"
            f" WHEN NEW.state IN {TAKES_TIME} {OVERLAPS}"
        )


def downgrade():
    for table in (
        *("calendar_feeds", "booking_changes", "bookings", "stays", "days_off", "special_days"),
        *("hours", "calendars", "hour_rates", "services"),
    ):
        op.drop_table(table)
    # The extension stays: others may use it.
