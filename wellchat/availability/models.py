"""The tables of what somebody offers and when: services, weekly hours, days that differ, stays elsewhere."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime, new_id


class Service(Base):
    """Something that can be booked. It is retired, never deleted: bookings point at it."""

    __tablename__ = "services"
    __table_args__ = (
        CheckConstraint("minutes BETWEEN 5 AND 480", name="minutes"),
        CheckConstraint(
            "before_minutes BETWEEN 0 AND 480 AND after_minutes BETWEEN 0 AND 480", name="buffers"
        ),
        CheckConstraint("late_share BETWEEN 0 AND 10000", name="late_share"),
        CheckConstraint("(price_minor IS NULL) = (currency IS NULL)", name="price"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    professional_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    about: Mapped[str] = mapped_column(Text, default="")
    place: Mapped[str] = mapped_column(Text, default="")  # an address, or a link to join
    minutes: Mapped[int] = mapped_column(Integer)
    before_minutes: Mapped[int] = mapped_column(Integer, default=0)
    after_minutes: Mapped[int] = mapped_column(Integer, default=0)
    price_minor: Mapped[int | None] = mapped_column(Integer)  # None: by the hour
    currency: Mapped[str | None] = mapped_column(String(3))
    asks: Mapped[bool] = mapped_column(default=False)  # a booking waits until the professional says yes
    # Until so many minutes before, cancelling is free; later it costs so many hundredths of a per cent.
    window_minutes: Mapped[int] = mapped_column(Integer, default=1440)
    late_share: Mapped[int] = mapped_column(Integer, default=0)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class HourRate(Base):
    """The price of an hour of somebody, where a service has no price of its own."""

    __tablename__ = "hour_rates"

    professional_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    hour_minor: Mapped[int] = mapped_column(Integer)
    currency: Mapped[str] = mapped_column(String(3))


class Calendar(Base):
    """The rules of somebody's calendar. Its row is the lock of everything that is booked in it."""

    __tablename__ = "calendars"
    __table_args__ = (
        CheckConstraint("step BETWEEN 5 AND 240", name="step"),
        CheckConstraint("week_starts BETWEEN 0 AND 6", name="week_starts"),
    )

    professional_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    zone: Mapped[str] = mapped_column(String(64))  # of the hours; a profile may move, the hours do not
    week_starts: Mapped[int] = mapped_column(Integer, default=0)  # Monday
    step: Mapped[int] = mapped_column(Integer, default=30)
    notice_minutes: Mapped[int] = mapped_column(Integer, default=720)
    horizon_days: Mapped[int] = mapped_column(Integer, default=60)
    most_per_day: Mapped[int | None] = mapped_column(Integer)
    most_per_week: Mapped[int | None] = mapped_column(Integer)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class HoursRow(Base):
    """Weekly hours on one weekday, by the clock of the calendar's zone. A break is what lies between two."""

    __tablename__ = "hours"
    __table_args__ = (
        CheckConstraint(
            "0 <= begin_minute AND begin_minute < end_minute AND end_minute <= 1440", name="span"
        ),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("every IN (1, 2) AND (every = 1 OR anchor IS NOT NULL)", name="every"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    professional_id: Mapped[str] = mapped_column(ForeignKey("calendars.professional_id"), index=True)
    weekday: Mapped[int] = mapped_column(Integer)
    begin_minute: Mapped[int] = mapped_column(Integer)
    end_minute: Mapped[int] = mapped_column(Integer)
    every: Mapped[int] = mapped_column(Integer, default=1)
    anchor: Mapped[date | None] = mapped_column(Date)  # a day of a week that counts


class SpecialDay(Base):
    """Hours of one day in place of those of the week: a list of [from, until] in minutes; none: closed."""

    __tablename__ = "special_days"

    professional_id: Mapped[str] = mapped_column(ForeignKey("calendars.professional_id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    spans: Mapped[list[Any]] = mapped_column(JSON)


class DaysOff(Base):
    """Days without work, the last one included."""

    __tablename__ = "days_off"
    __table_args__ = (CheckConstraint("first_day <= last_day", name="days"),)

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    professional_id: Mapped[str] = mapped_column(ForeignKey("calendars.professional_id"), index=True)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)


class StayRow(Base):
    """Days on which the hours go by the clock of another place, the last one included."""

    __tablename__ = "stays"
    __table_args__ = (CheckConstraint("first_day <= last_day", name="days"),)

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    professional_id: Mapped[str] = mapped_column(ForeignKey("calendars.professional_id"), index=True)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    zone: Mapped[str] = mapped_column(String(64))
