"""A setting that cannot be used stops the start with a line that names it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wellchat.config import DAY, YEAR, Settings, SettingsError, read_settings, reply_pattern

DOCS = Path(__file__).parent.parent / "docs"

BAD = [
    ("DATABASE_URL", "nope"),
    ("DATABASE_URL", "mysql://host/name"),
    ("DATABASE_URL", "postgresql+psycopg2://host/name"),
    ("REDIS_URL", "redis://host:port"),
    ("BROKER_URL", "nope"),
    ("SMTP_URL", "smtp://host:port"),
    ("BASE_URL", "http://host:port"),
    ("MAIL_FROM", "nobody"),
    ("MAIL_FROM", "a@b\nBcc: c@d"),
    ("SECRET_KEY", "changemechangeme"),
    ("SECRET_KEY", "dev-secret-123456789"),
    *((name, value) for name in ("EMAIL_DELAY", "AWAY_AFTER", "SWEEP_EVERY", "POLL_INTERVAL")
      for value in ("inf", "nan", "1e12", "-1")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD)
def test_is_refused(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^WELLCHAT_{name}: [^\n]+$"):
        read_settings({"WELLCHAT_INSTANCE": str(tmp_path), f"WELLCHAT_{name}": value})


GOOD = [
    ("DATABASE_URL", "sqlite:////srv/chat/x.db"),
    ("DATABASE_URL", "postgresql+psycopg://u:p@host:5432/name?host=/run"),
    ("BROKER_URL", "amqp://host"),
    ("MAIL_FROM", "Jane Doe <jane@example.com>"),
    ("SECRET_KEY", "0123456789abcdef"),
    ("SECRET_KEY", "qH3vP0xw9LmZr7Tn"),
]


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_is_taken(tmp_path: Path, name: str, value: str) -> None:
    settings = read_settings({"WELLCHAT_INSTANCE": str(tmp_path), f"WELLCHAT_{name}": value})
    assert getattr(settings, name) == value


def test_the_address_of_a_hosting_provider_means_our_driver(tmp_path: Path) -> None:
    for scheme in ("postgres", "postgresql"):
        settings = read_settings(
            {"WELLCHAT_INSTANCE": str(tmp_path), "WELLCHAT_DATABASE_URL": f"{scheme}://u@host/name"}
        )
        assert settings.DATABASE_URL == "postgresql+psycopg://u@host/name"


def test_a_long_sender_s_name_leaves_room_for_answers() -> None:
    """What an answer needs before the @ does not fit behind it: of the sender only the domain is kept."""
    assert reply_pattern(None, "customer-notifications@studio.example") == ("", "studio.example")
    assert reply_pattern(None, "Studio <hello@studio.example>") == ("hello+", "studio.example")


def rows_of_the_docs() -> dict[str, str]:
    rows = re.findall(r"^\| `WELLCHAT_(\w+)` \| (.*) \|$", (DOCS / "settings.md").read_text(), re.MULTILINE)
    return dict(rows)


def test_the_docs_have_every_setting_and_no_other() -> None:
    assert rows_of_the_docs().keys() == Settings.model_fields.keys()


BOUNDS = [
    (name, bound)
    for name, field in Settings.model_fields.items()
    for each in field.metadata
    for bound in (getattr(each, "ge", None), getattr(each, "gt", None), getattr(each, "le", None))
    if bound not in (None, DAY, YEAR) and not (bound in (0, 1) and getattr(each, "ge", None) == bound)
]


@pytest.mark.parametrize(("name", "bound"), BOUNDS)
def test_the_docs_say_how_far_a_setting_goes(name: str, bound: int) -> None:
    """A day or a year, and that a number is not negative, go without saying."""
    assert re.search(rf"\b{bound}\b", rows_of_the_docs()[name].rpartition(" | ")[2])
