"""Check the declarations of features at start. An error names the feature and says what to do."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

from flask import Flask

from wellchat.feature import SLOTS, Feature, FeatureError, NavItem, Registry, module_exists, plural
from wellchat.places import ComposerAction

UPDATE_KEYS = ("cursor", "has_more", "threads", "messages", "notifications", "unread", "typing")
MAX_KIND_LENGTH = 20  # of the column changes.kind
ONCE = ("name", "notification_kinds", "mails", "mail_links", "audited", "events", "icons", "changes")


def check(registry: Registry, app: Flask) -> None:
    """Raise FeatureError for the first declaration that cannot be right."""
    templates = frozenset(app.jinja_env.list_templates())
    for feature in registry.features:
        if feature.tasks and not module_exists(feature.tasks):
            raise FeatureError(f"{feature.name}: there is no module {feature.tasks} for its tasks")
        for template in _templates_of(feature):
            if template not in templates:
                raise FeatureError(f"{feature.name}: there is no template {template}")
        for place in feature.slots:
            if place not in SLOTS:
                raise FeatureError(f"{feature.name}: there is no slot {place}; there are {', '.join(SLOTS)}")
        links: list[NavItem | ComposerAction] = [*feature.navigation, *feature.account_menu]
        for item in (*links, *feature.composer_actions):
            if item.icon not in registry.icons:
                raise FeatureError(f"{feature.name}: there is no icon {item.icon!r} for {item.path}")
        _check_files(feature, Path(app.static_folder or ""))
        _check_words(feature)
    for what in ONCE:
        names = Counter(name for feature in registry.features for name in _names(getattr(feature, what)))
        if twice := [name for name, count in names.items() if count > 1]:
            raise FeatureError(f"{what}: {', '.join(twice)} is declared more than once")
    modules = Counter(name for name, _ in {each for f in registry.features for each in f.scripts.items()})
    if twice := [name for name, count in modules.items() if count > 1]:
        raise FeatureError(f"scripts: {', '.join(twice)} is declared with different modules")


def _templates_of(feature: Feature) -> list[str]:
    return [
        *(f"emails/{mail}/body.txt" for mail in feature.mails),
        *(kind.partial for kind in feature.notification_kinds),
        *feature.slots.values(),
        *(panel.template for panel in feature.thread_panels),
        *(panel.template for panel in feature.connection_panels),
    ]


def _check_files(feature: Feature, static: Path) -> None:
    for style in feature.styles:
        if not static.joinpath(f"css/{style}.css").exists():
            raise FeatureError(f"{feature.name}: there is no style sheet static/css/{style}.css")
    for name, module in feature.scripts.items():
        path = static / f"js/features/{module}.js"
        if not path.exists():
            raise FeatureError(f"{feature.name}: there is no script static/js/features/{module}.js")
        if not re.search(rf"^export (?:async )?function {re.escape(name)}\b", path.read_text("utf-8"), re.M):
            raise FeatureError(f"{feature.name}: static/js/features/{module}.js exports no function {name}")


def _check_words(feature: Feature) -> None:
    """Kinds of change become keys of an update, offline paths a regular expression of the service worker."""
    for kind in feature.changes:
        if not re.fullmatch("[a-z_]+", kind) or len(kind) > MAX_KIND_LENGTH or plural(kind) in UPDATE_KEYS:
            raise FeatureError(f"{feature.name}: {kind!r} cannot be a kind of change; choose another name")
    for path in feature.offline_paths:
        try:
            re.compile(path)
        except re.error as error:
            raise FeatureError(f"{feature.name}: the offline path {path!r} is no pattern: {error}") from None


def _names(declared: Any) -> list[str]:
    each_of = (declared,) if isinstance(declared, str) else declared
    return [each if isinstance(each, str) else str(each.name) for each in each_of]
