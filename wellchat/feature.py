"""Declare what a feature package gives to the rest of the application.

Each package under wellchat/ has one `feature = Feature(...)` in its `__init__.py`; wellchat/features.py lists
the packages, lowest first. `create_app` gathers the declarations in a `Registry`, one per application.
Nothing is registered at import time, so two applications in one process share nothing. A declaration that
cannot be right raises FeatureError at start (feature_checks.py). docs/adding-a-feature.md shows an example.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, cast

from click import Command, Group
from flask import Blueprint, Flask, current_app
from markupsafe import Markup

from wellchat.icons import CORE_ICONS, DIRECTIONAL_ICONS
from wellchat.places import ComposerAction, ConnectionPanel, SearchSource, ThreadPanel

if TYPE_CHECKING:
    from wellchat.accounts.models import User
    from wellchat.audit.kinds import AuditKind
    from wellchat.event_types import EventType
    from wellchat.host.calls import HostCall
    from wellchat.mail.models import Mail
    from wellchat.notifications.kinds import NotificationKind
    from wellchat.personal_data import PersonalData
    from wellchat.retention import Rule

P = ParamSpec("P")
R = TypeVar("R")

Sweep = Callable[[datetime], dict[str, int]]
"""(now) -> how much of what was done, by name."""
ChangeLoader = Callable[["User", Sequence[str], datetime], list[dict[str, Any]]]
"""(viewer, ids, now) -> one JSON object for each id, as this person may see it now. Each has its `id`.

It takes one statement, however many ids there are. What is gone, or is not the viewer's any more, is
`{"id": ..., "deleted": True}`.
"""


class FeatureError(Exception):
    """A declaration that cannot be right. The text names the feature and says what to do."""


class Hook(Generic[P, R]):
    """A place where a lower feature calls the higher ones.

    Features name their handlers in `Feature.handlers`. They run in the order of the features, lowest first. A
    name that ends in `_in_transaction` promises that they run inside the caller's transaction. What a handler
    raises ends the caller's work.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> list[R]:
        """Call every handler. Return what each of them returned, lowest feature first."""
        # Looked up at each call: which handlers there are depends on the application, not on the process.
        return [handler(*args, **kwargs) for handler in registry().handlers.get(self.name, ())]


@dataclass(frozen=True)
class NavItem:
    """A link of the frame around every page, shown to signed-in people."""

    path: str
    label: str
    icon: str = ""  # none in the tabs of the settings
    visible: Callable[[User], bool] = lambda viewer: True


@dataclass(frozen=True)
class MailType:
    """One kind of email, named like its folder below templates/emails/.

    `context` is called at the moment of sending: (mail, now) -> what the template is given. It may raise
    NotWanted or NotNow. Three of its keys mean more: `covers` lists what the mail holds, and so what a reply
    is about; `unsubscribe_path` makes it a mail that can be unsubscribed from; `discreet` sends
    templates/emails/discreet in its place, with `discreet_line` and no word of what the mail is about.
    """

    label: str  # in the ledger of emails
    context: Callable[[Mail, datetime], dict[str, Any]] | None = None
    # Somebody waits for it, to get in at all: it is sent even where the address refuses mail.
    interactive: bool = False
    to_disabled: bool = False  # also sent to a person whose account was disabled
    # Sent to the address it was written for, even if the person has another one since.
    to_old_address: bool = False
    # Anybody can cause it by naming an address, so few go to one address: see mail/asked.py.
    asked: bool = False


@dataclass(frozen=True)
class Feature:
    """Everything that one package gives to the others. Fields that are not named stay empty."""

    name: str
    blueprints: tuple[Blueprint, ...] = ()
    commands: tuple[Command, ...] = ()
    subcommands: Mapping[str, tuple[Command, ...]] = field(default_factory=dict)  # of a lower feature's group
    tasks: str | None = None  # the module with its Celery tasks
    sweeps: tuple[Sweep, ...] = ()  # called every SWEEP_EVERY seconds: do what is due
    deliveries: tuple[Sweep, ...] = ()  # called after all sweeps: send what they have put down
    tidies: tuple[Sweep, ...] = ()  # called once an hour: delete what may be forgotten
    notification_kinds: tuple[NotificationKind, ...] = ()
    mails: Mapping[str, MailType] = field(default_factory=dict)
    audited: Mapping[str, AuditKind] = field(default_factory=dict)
    """`area.act` -> what the security log says of it. `audit.actions.record` takes no other."""
    flags: Mapping[str, str] = field(default_factory=dict)
    """name -> label of what owners can have on for some people only. Ask with `wellchat.flags.is_on`."""
    events: Mapping[str, EventType] = field(default_factory=dict)
    """`thing.happened` -> what a host platform is told of. See wellchat/event_types.py."""
    mail_links: Mapping[str, Callable[[str, datetime], str]] = field(default_factory=dict)
    """name -> (user id, now) -> the path of a link with its secret, made at the moment of sending."""
    handlers: tuple[tuple[Hook[..., Any], Callable[..., Any]], ...] = ()
    navigation: tuple[NavItem, ...] = ()  # in the top bar
    account_menu: tuple[NavItem, ...] = ()  # behind one's own picture
    settings_tabs: tuple[NavItem, ...] = ()
    oversight_tabs: tuple[NavItem, ...] = ()  # pages of administrators, under /oversight
    icons: Mapping[str, str] = field(default_factory=dict)  # name -> what stands inside an <svg> of 20 by 20
    styles: tuple[str, ...] = ()  # names of files in static/css, joined into the style sheet of every page
    scripts: Mapping[str, str] = field(default_factory=dict)
    """data-controller -> the module in static/js/features that exports it. Pages that name it load it."""
    slots: Mapping[str, str] = field(default_factory=dict)  # a place of SLOTS -> the template included there
    thread_panels: tuple[ThreadPanel, ...] = ()
    connection_panels: tuple[ConnectionPanel, ...] = ()
    composer_actions: tuple[ComposerAction, ...] = ()
    changes: Mapping[str, ChangeLoader] = field(default_factory=dict)
    """kind of change -> what an update carries under the kind's plural. See `record_change`."""
    search_sources: tuple[SearchSource, ...] = ()
    offline_paths: tuple[str, ...] = ()  # regular expressions of whole paths: pages that a device keeps
    filters: Mapping[str, Callable[..., Any]] = field(default_factory=dict)  # of templates
    context: Callable[[], dict[str, Any]] | None = None  # what every template is given
    doctor_checks: tuple[tuple[str, Callable[[Flask], str]], ...] = ()
    """(name, check): returns one line about what is well; raises with one line about what is not."""
    metrics: tuple[Callable[[datetime | None], None], ...] = ()
    """(now): sets gauges for /metrics. Called with None when the database does not answer: then nothing is
    known.
    """
    host_calls: tuple[HostCall, ...] = ()  # of the host API, beside those of wellchat/host
    openapi: Callable[[dict[str, Any]], None] | None = None  # adds to the OpenAPI document
    samples: Callable[[Any], dict[str, Any]] | None = None
    """(talk) -> {argument of its routes: a thing of the two people; route: a body}, for tests of access."""
    # WELLCHAT_FEATURES can switch it, so nothing that is always on may import it.
    optional: bool = False
    on_by_default: bool = True
    # Needed as soon as a table of the feature refers to a person; a test compares it with the foreign keys.
    personal_data: PersonalData | None = None
    retention: tuple[Rule, ...] = ()  # how long it keeps what; run once a day
    setup: Callable[[Any], None] | None = None  # (app), for what no field of this declaration covers


SLOTS = (
    "sign_in",
    "inbox_head",
    "inbox_filters",
    "row_menu",
    "thread_menu",
    "panel_person",
    "message_menu",
    "message_card",
    "message_page",
    "own_message_page",
    "composer_note",
    "composer_send",
    "composer_closed",
)
"""Places in templates: below the form of the sign-in page; in the head of the list of conversations, behind
its filters, and at the end of the menu of its rows; at the end of the menus of a thread and of a message;
below the person in the panel beside a thread; in a message, for its card (`m`, `mine`); on the page of a
message of somebody else, and of one's own; above the field of the composer; beside its button "Send"; where
nobody writes, below the sentence that says so. The menus of messages and rows are one for all: a link there
has `data-message-link` with `{seq}`, or `data-row-link` with `{id}`.
"""


def plural(kind: str) -> str:
    """Return the key under which an update carries what changed of a declared kind."""
    return f"{kind}s"


class Registry:
    """The declarations of one application, in order, and what follows from them."""

    def __init__(self, features: Iterable[Feature]) -> None:
        self.features = tuple(features)

    @cached_property
    def handlers(self) -> dict[str, tuple[Callable[..., Any], ...]]:
        found: dict[str, tuple[Callable[..., Any], ...]] = {}
        for feature in self.features:
            for hook, handler in feature.handlers:
                found[hook.name] = (*found.get(hook.name, ()), handler)
        return found

    @cached_property
    def icons(self) -> dict[str, str]:
        """Every icon that pages may draw: name -> what stands inside the <svg>."""
        return CORE_ICONS | {
            name: shape for feature in self.features for name, shape in feature.icons.items()
        }

    @cached_property
    def styles(self) -> tuple[str, ...]:
        # Once each: features may share a sheet.
        return tuple(dict.fromkeys(style for feature in self.features for style in feature.styles))

    @cached_property
    def scripts(self) -> dict[str, str]:
        return {name: module for feature in self.features for name, module in feature.scripts.items()}

    @cached_property
    def changes(self) -> dict[str, ChangeLoader]:
        return {kind: load for feature in self.features for kind, load in feature.changes.items()}

    @cached_property
    def search_sources(self) -> tuple[SearchSource, ...]:
        return tuple(source for feature in self.features for source in feature.search_sources)

    def has(self, name: str) -> bool:
        """Return whether this feature is on."""
        return any(feature.name == name for feature in self.features)

    def slot(self, place: str) -> list[str]:
        """Return the templates that the features put into this place, lowest feature first."""
        return [feature.slots[place] for feature in self.features if place in feature.slots]

    @cached_property
    def notification_kinds(self) -> dict[str, NotificationKind]:
        declared = [kind for feature in self.features for kind in feature.notification_kinds]
        return {kind.name: kind for kind in sorted(declared, key=lambda kind: kind.position)}

    @cached_property
    def mails(self) -> dict[str, MailType]:
        return {name: mail for feature in self.features for name, mail in feature.mails.items()}

    @cached_property
    def audited(self) -> dict[str, AuditKind]:
        return {name: kind for feature in self.features for name, kind in feature.audited.items()}

    @cached_property
    def flags(self) -> dict[str, str]:
        return {name: label for feature in self.features for name, label in feature.flags.items()}

    @cached_property
    def events(self) -> dict[str, EventType]:
        return {name: each for feature in self.features for name, each in feature.events.items()}

    @cached_property
    def mail_links(self) -> dict[str, Callable[[str, datetime], str]]:
        return {name: link for feature in self.features for name, link in feature.mail_links.items()}


def module_exists(name: str) -> bool:
    """Return whether there is such a module, without importing its package: the worker's makes an
    application.
    """
    path = None
    for part in name.split("."):
        # find_spec() of importlib.util would import the parents.
        spec = PathFinder.find_spec(part, path)
        if spec is None:
            return False
        path = spec.submodule_search_locations
    return True


def registry() -> Registry:
    """The registry of the current application."""
    return cast(Registry, current_app.extensions["features"])


def icon_shape(name: str) -> Markup:
    """Return what stands inside the <svg> of an icon. Raises FeatureError for a name that nobody declares."""
    shape = registry().icons.get(name)
    if shape is None:
        raise FeatureError(f"there is no icon {name!r}; see wellchat/icons.py")
    return Markup(shape)  # noqa: S704 - our own


def visible_items(items: str, viewer: User) -> list[Any]:
    """Return what one list of the features (`navigation`, `composer_actions` ...) holds for this person."""
    declared = (item for feature in registry().features for item in getattr(feature, items))
    return [item for item in declared if item.visible(viewer)]


def load_panels(items: str, viewer: User, subject: Any, now: datetime) -> list[dict[str, Any]]:
    """Return the sections of `thread_panels` or `connection_panels`, each {label, template, data}.

    `subject` is what they stand beside: the ThreadView or the Connection.
    """
    loaded = ((panel, panel.load(viewer, subject, now)) for panel in visible_items(items, viewer))
    # None means that there is nothing to show for this person here; the section is left out.
    return [
        {"label": panel.label, "template": panel.template, "data": data}
        for panel, data in loaded
        if data is not None
    ]


def gather(app: Flask, features: Iterable[Feature]) -> None:
    """Make the registry of this application. `register` follows once the core is ready."""
    app.extensions["features"] = Registry(features)
    app.jinja_env.filters["icon_shape"] = icon_shape
    app.jinja_env.tests["directional_icon"] = DIRECTIONAL_ICONS.__contains__
    app.jinja_env.globals.update(visible_items=visible_items, slot=app.extensions["features"].slot)
    app.jinja_env.globals["has_feature"] = app.extensions["features"].has
    app.jinja_env.globals["feature_scripts"] = app.extensions["features"].scripts


def _extend(group: Command, commands: Iterable[Command]) -> None:
    assert isinstance(group, Group)
    # A new dict: the copied group still shares the old one with the module that made it.
    group.commands = {**group.commands, **{str(command.name): command for command in commands}}


def register(app: Flask) -> None:
    """Register what the features declare with Flask. Raises FeatureError."""
    from wellchat.feature_checks import check  # it imports the types above

    gathered: Registry = app.extensions["features"]
    for feature in gathered.features:
        for blueprint in feature.blueprints:
            app.register_blueprint(blueprint)
        for command in feature.commands:
            # A copy, because a group takes on subcommands, and another application may have others.
            app.cli.add_command(copy(command))
        for group, commands in feature.subcommands.items():
            _extend(app.cli.commands[group], commands)
        app.jinja_env.filters.update(feature.filters)
        if feature.context is not None:
            app.context_processor(feature.context)
        # After its routes and commands, and before those of the features above, which may rely on it.
        if feature.setup is not None:
            feature.setup(app)
    check(gathered, app)
