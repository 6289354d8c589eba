"""wellchat: messaging between clients and professionals."""

from __future__ import annotations

# isort: off
# First: what follows takes a second, in which somebody may press Ctrl-C.
import wellchat.starting

# Before anything makes a ZoneInfo.
import wellchat.zones  # noqa: F401

# isort: on
import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from inspect import CO_COROUTINE
from pathlib import Path
from typing import Any

import orjson
from apiflask import APIFlask
from flask import Response
from flask.json.provider import DefaultJSONProvider

from wellchat import (
    assets,
    branding,
    db,
    error_reports,
    errors,
    feature,
    i18n,
    logs,
    openapi,
    request_ids,
    task_queue,
    templating,
    web,
)
from wellchat.config import OTHER_NAMES, Settings, overruled_settings, read_settings, unknown_settings
from wellchat.cookies import CookieRequest
from wellchat.features import enabled_features

__version__ = "0.2.0"
PACKAGE = Path(__file__).resolve().parent

log = logging.getLogger(__name__)


class FastJSON(DefaultJSONProvider):
    """Encode and decode JSON with orjson: ten times faster than the standard encoder on many messages."""

    def dumps(self, obj: Any, **_: Any) -> str:
        """Return `obj` as JSON text."""
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """Return the value of the JSON text `s`."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Any:
        """Return a JSON response of the arguments, as `flask.jsonify` takes them."""
        body = orjson.dumps(self._prepare_response_obj(args, kwargs))
        return Response(body, mimetype="application/json")


class JSONRequest(CookieRequest):
    """Refuse a body of `null`: it is not the same as an empty object."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """Return the value of the JSON body. None only if `silent` and there is no valid JSON."""
        found = super().get_json(force=force, silent=silent, cache=cache)
        return self.on_json_loading_failed(None) if found is None and not silent else found


class Wellchat(APIFlask):
    """The application class: APIFlask with our JSON encoder and request."""

    json_provider_class = FastJSON
    request_class = JSONRequest

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a view or hook that can be called: a coroutine function is wrapped.

        Flask asks for every hook at every request, and answers by six calls of inspect.
        """
        code = getattr(func, "__code__", None)
        is_plain = code is not None and not code.co_flags & CO_COROUTINE
        return func if is_plain else super().ensure_sync(func)


def _folder(name: str) -> Path:
    """Return a folder that is beside the package in a checkout, and inside it where a wheel is installed."""
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name


@contextmanager
def _without_collections() -> Iterator[None]:
    """Pause the garbage collector: while features load, it finds nothing and is a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_without_collections()
def create_app(settings: Settings | None = None, **flask_config: Any) -> Wellchat:
    """Return the application, configured by `settings` or else by the environment.

    Raises SettingsError if a setting cannot be used.
    """
    settings = settings or read_settings()
    settings.INSTANCE.mkdir(mode=0o700, parents=True, exist_ok=True)
    app = Wellchat(
        "wellchat",
        title="wellchat",
        version=__version__,
        root_path=str(PACKAGE),
        template_folder=str(_folder("templates")),
        instance_path=str(settings.INSTANCE),
        json_errors=False,
        docs_path=None,
        spec_path=None,
    )
    # Not model_dump(), which takes the values apart that are records.
    app.config.update(dict(settings))
    app.config.update(flask_config)
    branding.init_app(app, frozenset(settings.model_fields_set))
    logs.init(settings.LOG_LEVEL, settings.LOG)
    error_reports.init_app(app, __version__)
    for name in unknown_settings():
        log.warning("%s is not a setting of wellchat and is ignored; see docs/settings.md", name)
    for old, new in overruled_settings():
        which = "other" if old.removeprefix("WELLCHAT_") in OTHER_NAMES else "old"
        log.warning("%s is the %s name of %s and is ignored: the two have different values", old, which, new)
    db.init_app(app, migrations=str(_folder("migrations")))
    task_queue.init_app(app)
    errors.init_app(app)
    web.init_app(app)
    request_ids.init_app(app)
    i18n.init_app(app)
    feature.gather(app, enabled_features(settings.switches))
    assets.init_app(app)
    templating.init_app(app)
    openapi.init_app(app)
    feature.register(app)
    # health measures all features, so it comes last
    import_module("wellchat.health").init_app(app)
    return app
