"""A declaration that cannot be right is an error at start, and what is off is absent."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.databases import migrated
from wellchat.config import SettingsError
from wellchat.feature import (
    Feature,
    FeatureError,
    Hook,
    MailType,
    NavItem,
    Registry,
    icon_shape,
    registry,
)
from wellchat.feature_checks import check
from wellchat.features import FEATURES, enabled_features
from wellchat.notifications.kinds import NotificationKind
from wellchat.places import ComposerAction, ThreadPanel

Make = Callable[..., Flask]
OPTIONAL = (
    *("saved_filters", "booking_notices", "lead_notices", "clientele", "portfolio", "oversight"),
    *("scheduled", "follow_ups", "check_ins", "figures", "saved_replies", "automatic_messages", "backup"),
    "installation",
)
ALL_OFF = tuple(f"-{name}" for name in OPTIONAL)

WRONG = [
    ({"navigation": (NavItem("/x", "X", "no-such"),)}, "there is no icon 'no-such' for /x"),
    ({"account_menu": (NavItem("/x", "X", ""),)}, "there is no icon '' for /x"),
    ({"tasks": "worker.no_such"}, "there is no module worker.no_such for its tasks"),
    ({"mails": {"no_such": MailType("No such")}}, "there is no template emails/no_such/body.txt"),
    (
        {"notification_kinds": (NotificationKind("x", "X", "{actor}", partial="no_such.html"),)},
        "there is no template no_such.html",
    ),
    ({"styles": ("no_such",)}, "there is no style sheet static/css/no_such.css"),
    ({"slots": {"no_such": "layouts/base.html"}}, "there is no slot no_such"),
    ({"slots": {"sign_in": "no_such.html"}}, "there is no template no_such.html"),
    (
        {"notification_kinds": (NotificationKind("message", "X", "{actor}"),)},
        "kinds: message is declared",
    ),
    ({"mails": {"digest": MailType("Again")}}, "mails: digest is declared more than once"),
    (
        {"thread_panels": (ThreadPanel("X", "no_such_panel.html", lambda *_: None),)},
        "there is no template no_such_panel.html",
    ),
    ({"composer_actions": (ComposerAction("X", "no-such", "/y"),)}, "there is no icon 'no-such' for /y"),
    ({"scripts": {"noSuch": "no_such"}}, "there is no script static/js/features/no_such.js"),
    (
        {"scripts": {"noSuch": "live_section"}},
        "wrong: static/js/features/live_section.js exports no function noSuch",
    ),
    ({"changes": {"message": lambda *_: []}}, "wrong: 'message' cannot be a kind of change"),
    ({"changes": {"x" * 21: lambda *_: []}}, "cannot be a kind of change; choose another name"),
    ({"offline_paths": ("/(",)}, "wrong: the offline path '/(' is no pattern"),
    ({"icons": {"bell": "<path/>"}}, "icons: bell is declared more than once"),
    ({"name": "mail"}, "name: mail is declared more than once"),
]


@pytest.mark.parametrize(("fields", "reason"), WRONG, ids=[reason for _, reason in WRONG])
def test_a_wrong_declaration_is_an_error_that_names_it(
    app: Flask, fields: dict[str, Any], reason: str
) -> None:
    wrong = replace(Feature("wrong"), **fields)
    with pytest.raises(FeatureError) as error:
        check(Registry([*registry().features, wrong]), app)
    assert reason in str(error.value)


def test_the_declarations_of_the_product_are_right(app: Flask) -> None:
    check(registry(), app)


def test_a_declaration_has_the_name_of_its_package() -> None:
    declared = [import_module(f"wellchat.{name}").feature for name in FEATURES]
    off = [feature.name for feature in declared if not feature.on_by_default]
    assert tuple(feature.name for feature in enabled_features(off)) == FEATURES


def test_an_icon_that_nobody_declares_is_not_drawn_as_another(app: Flask) -> None:
    with pytest.raises(FeatureError, match="there is no icon 'belll'"):
        icon_shape("belll")


# Hooks


def test_handlers_run_lowest_feature_first(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Hook[[int], int] = Hook("test.asked")
    low = Feature("low", handlers=((asked, lambda n: n + 1),))
    high = Feature("high", handlers=((asked, lambda n: n + 2), (asked, lambda n: n + 3)))
    monkeypatch.setitem(app.extensions, "features", Registry([low, high]))
    assert asked(10) == [11, 12, 13]


def test_a_hook_without_handlers_does_nothing(app: Flask) -> None:
    nobody: Hook[[], None] = Hook("test.nobody")
    assert nobody() == []


# Switches


def routes_of(app: Flask) -> set[str]:
    return {str(rule) for rule in app.url_map.iter_rules()}


def test_the_optional_features_are_these() -> None:
    assert tuple(feature.name for feature in enabled_features() if feature.optional) == OPTIONAL


@pytest.mark.parametrize("name", OPTIONAL)
def test_what_is_off_adds_nothing(make_app: Make, app: Flask, name: str) -> None:
    without = make_app(FEATURES=(f"-{name}",))
    (feature,) = [each for each in registry().features if each.name == name]
    gone = {blueprint.name for blueprint in feature.blueprints}
    assert gone.isdisjoint(without.blueprints)
    assert not {command.name for command in feature.commands} & set(without.cli.commands)
    with without.app_context():
        left = registry()
        assert name not in [each.name for each in left.features]
        assert left.notification_kinds.keys().isdisjoint(kind.name for kind in feature.notification_kinds)
        assert left.mails.keys().isdisjoint(feature.mails)
        handlers = {handler for all_of in left.handlers.values() for handler in all_of}
        assert handlers.isdisjoint(handler for _, handler in feature.handlers)


def test_pages_work_with_all_that_is_optional_off(make_app: Make, now: datetime) -> None:
    without = make_app(FEATURES=ALL_OFF)
    migrated(without)
    page = without.test_client().get("/sign-in")
    assert page.status_code == 200
    assert "Sign in" in page.text
    assert not {"/oversight", "/oversight/looks"} & routes_of(without)


def test_two_applications_in_one_process_share_nothing(make_app: Make, app: Flask) -> None:
    without = make_app(FEATURES=ALL_OFF)
    assert "/oversight" in routes_of(app)
    assert "/oversight" not in routes_of(without)
    assert app.extensions["features"] is not without.extensions["features"]


@pytest.mark.parametrize(
    ("switches", "reason"),
    [
        (("no_such",), "there is no feature no_such"),
        (("-messaging",), "messaging is always on"),
        (("mail",), "mail is always on"),
        (("nowhere.goals",), "there is no package nowhere.goals"),
        (("json.tool",), "json.tool declares no feature of its own"),
        (("wellchat.push",), "wellchat.push declares no feature of its own"),
    ],
)
def test_a_switch_that_cannot_be_is_one_line(switches: tuple[str, ...], reason: str) -> None:
    with pytest.raises(SettingsError, match=f"^WELLCHAT_FEATURES: {reason}$"):
        enabled_features(switches)


# Icons


def test_every_icon_that_a_template_names_is_declared(app: Flask) -> None:
    """Rendering would raise; this finds those that no test renders."""
    templates = Path(app.root_path).parent.joinpath("templates").rglob("*.html")

    named = {name for path in templates for name in re.findall(r"""\bicon\("([\w-]+)"\)""", path.read_text())}
    assert named
    assert named <= set(registry().icons)


def test_without_oversight_no_page_leads_there(make_app: Make, cast: Any, now: datetime) -> None:
    without = make_app(FEATURES=("-oversight",))
    with without.app_context(), without.test_request_context():
        templates = [
            without.jinja_env.get_template(name) for name in ("mail/ledger.html", "messaging/new.html")
        ]
        assert all(template for template in templates)
    sources = Path(without.root_path).parent.joinpath("templates")
    for path in sources.rglob("*.html"):
        if path.parent.name == "oversight":
            continue
        for line in path.read_text().splitlines():
            if re.search(r"""["']/oversight["']""", line):
                assert 'has_feature("oversight")' in line, f"{path.name}: {line}"
