"""A setting that cannot be used stops the start with a line that names it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wellchat import create_app
from wellchat.config import (
    DAY,
    OLD_NAMES,
    YEAR,
    Settings,
    SettingsError,
    overruled_settings,
    read_settings,
    unknown_settings,
)
from wellchat.setting_types import reply_pattern

DOCS = Path(__file__).parent.parent / "docs"

BAD = [
    ("METRICS_NETWORKS", "10.0.0.1/8"),
    ("METRICS_NETWORKS", "everybody"),
    ("SLOW_STATEMENT", "-1"),
    ("SENTRY_DSN", "https://host/1"),
    ("SENTRY_DSN", "host"),
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
    ("OLD_SECRET_KEYS", "0123456789abcdef,changemechangeme"),
    ("PSEUDONYM_KEY", "short"),
    ("SECRET_KEY", "dev-secret-123456789"),
    ("AUDIT_KEY", "0123456789abcdef,short"),
    *(("AUDIT_TO", value) for value in ("on", "file:x", "syslog:host", "syslog::1", "stdout:x", "file:/\nb")),
    *((name, value) for name in ("EMAIL_DELAY", "AWAY_AFTER", "SWEEP_EVERY", "POLL_INTERVAL")
      for value in ("inf", "nan", "1e12", "-1")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD)
def test_an_invalid_setting_is_refused_in_one_line(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^WELLCHAT_{name}: [^\n]+$"):
        read_settings({"WELLCHAT_INSTANCE": str(tmp_path), f"WELLCHAT_{name}": value})


GOOD = [
    ("DATABASE_URL", "sqlite:////srv/chat/x.db"),
    ("DATABASE_URL", "postgresql+psycopg://u:p@host:5432/name?host=/run"),
    ("BROKER_URL", "amqp://host"),
    ("MAIL_FROM", "Jane Doe <jane@example.com>"),
    *(
        ("AUDIT_TO", value)
        for value in ("off", "stdout", "file:/var/log/x", "syslog:host:6514", "syslog:[::1]:1")
    ),
    ("SECRET_KEY", "0123456789abcdef"),
    ("SECRET_KEY", "qH3vP0xw9LmZr7Tn"),
]


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_a_valid_setting_is_accepted(tmp_path: Path, name: str, value: str) -> None:
    settings = read_settings({"WELLCHAT_INSTANCE": str(tmp_path), f"WELLCHAT_{name}": value})
    assert getattr(settings, name) == value


def test_a_postgres_url_of_a_hosting_provider_gets_our_driver(tmp_path: Path) -> None:
    for scheme in ("postgres", "postgresql"):
        settings = read_settings(
            {"WELLCHAT_INSTANCE": str(tmp_path), "WELLCHAT_DATABASE_URL": f"{scheme}://u@host/name"}
        )
        assert settings.DATABASE_URL == "postgresql+psycopg://u@host/name"


def test_a_long_sender_still_gives_a_reply_address() -> None:
    """What an answer needs before the @ does not fit behind it: of the sender only the domain is kept."""
    assert reply_pattern(None, "customer-notifications@studio.example") == ("", "studio.example")
    assert reply_pattern(None, "Studio <hello@studio.example>") == ("hello+", "studio.example")


ALIASES = {
    "KEPT_THREADS": ("7", 7),
    "MOST_EMAILS": ("7", 7),
    "MOST_EMAILS_PER_THREAD": ("7", 7),
    "PUSH_ANYWHERE": ("on", True),
    "PROXIES": ("2", 2),
    "FILES_URL": ("file:///srv/files", "file:///srv/files"),
    "MAIL_LANES": ("7", 7),
}


def test_every_old_name_is_tested() -> None:
    assert ALIASES.keys() == OLD_NAMES.keys()
    assert set(OLD_NAMES.values()) <= Settings.model_fields.keys()


@pytest.mark.parametrize("old", ALIASES)
def test_an_old_name_still_works(tmp_path: Path, old: str) -> None:
    text, value = ALIASES[old]
    environ = {"WELLCHAT_INSTANCE": str(tmp_path), f"WELLCHAT_{old}": text}
    assert getattr(read_settings(environ), OLD_NAMES[old]) == value
    assert unknown_settings(environ) == []
    assert overruled_settings(environ) == []
    assert getattr(read_settings(environ | {f"WELLCHAT_{OLD_NAMES[old]}": ""}), OLD_NAMES[old]) == value


@pytest.mark.parametrize("turned", [False, True])
def test_the_new_name_wins_and_a_difference_is_reported(tmp_path: Path, turned: bool) -> None:
    both = [("WELLCHAT_PROXIES", "1"), ("WELLCHAT_TRUSTED_PROXIES", "2")]
    environ = {"WELLCHAT_INSTANCE": str(tmp_path)} | dict(reversed(both) if turned else both)
    assert read_settings(environ).TRUSTED_PROXIES == 2
    assert overruled_settings(environ) == [("WELLCHAT_PROXIES", "WELLCHAT_TRUSTED_PROXIES")]
    assert overruled_settings(environ | {"WELLCHAT_PROXIES": "2"}) == []
    assert read_settings(environ, TRUSTED_PROXIES=3).TRUSTED_PROXIES == 3


def test_the_difference_is_one_line_at_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in (("INSTANCE", str(tmp_path)), ("PROXIES", "1"), ("TRUSTED_PROXIES", "2")):
        monkeypatch.setenv(f"WELLCHAT_{name}", value)
    create_app()
    lines = [record.getMessage() for record in caplog.records if "PROXIES" in record.getMessage()]
    assert lines == [
        "WELLCHAT_PROXIES is the old name of WELLCHAT_TRUSTED_PROXIES and is ignored:"
        " the two have different values"
    ]


def test_an_error_names_the_setting_as_it_was_written(tmp_path: Path) -> None:
    for name in ("PROXIES", "TRUSTED_PROXIES"):
        with pytest.raises(SettingsError, match=f"^WELLCHAT_{name}: "):
            read_settings({"WELLCHAT_INSTANCE": str(tmp_path), f"WELLCHAT_{name}": "many"})


def rows_of_the_docs() -> dict[str, str]:
    rows = re.findall(r"^\| `WELLCHAT_(\w+)` \| (.*) \|$", (DOCS / "settings.md").read_text(), re.MULTILINE)
    return dict(rows)


def test_the_docs_have_every_old_name() -> None:
    text = (DOCS / "settings.md").read_text()
    for old, new in OLD_NAMES.items():
        assert f"`WELLCHAT_{old}` (now `WELLCHAT_{new}`)" in " ".join(text.split())


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
def test_the_docs_have_the_limits_of_a_setting(name: str, bound: int) -> None:
    """A day or a year, and that a number is not negative, go without saying."""
    assert re.search(rf"\b{bound}\b", rows_of_the_docs()[name].rpartition(" | ")[2])
