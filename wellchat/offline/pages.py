"""Serve what the browser requests by itself: the service worker, the manifest, the icons, the offline page.

Nothing here is personal, so nothing here needs a signed-in user.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import orjson
from flask import Blueprint, Response, current_app, render_template, request, url_for

from wellchat.assets import asset, shell_names
from wellchat.branding import logo
from wellchat.config import setting
from wellchat.errors import NotFound
from wellchat.feature import registry
from wellchat.i18n import N_, direction, gettext, language
from wellchat.logos import PNG, SVG
from wellchat.mail.palette import palette
from wellchat.offline.icons import ICONS, icon, icon_of_logo

pages = Blueprint("offline", __name__)

WORKER = ("cache", "queue", "push", "fetch")  # the parts of the worker, in this order
SHORTCUTS = (
    (N_("Messages"), "/"),
    (N_("Start a conversation"), "/new"),
    (N_("Notifications"), "/notifications"),
)
DAY = 86_400


@pages.get("/sw.js")
def service_worker() -> Response:
    """Return the service worker from the root, because its path limits its scope.

    It is never cached, so that an old one is replaced. It contains the version of the assets, so that the
    browser sees a change whenever any file changes.
    """
    facts = {
        "version": current_app.extensions["assets"],
        "pages": current_app.config["OFFLINE_THREADS"] if current_app.config["BROWSER_STORAGE"] else 0,
        "paths": [path for each in registry().features for path in each.offline_paths],
        "shell": [asset(name) for name in shell_names()],
        # Another brand is another worker, which keeps a new page for being offline.
        "brand": [setting("NAME"), setting("ACCENT_HUE"), *_digest()],
    }
    files = ", ".join(orjson.dumps(asset(f"sw/{name}.js")).decode() for name in WORKER)
    text = f"self.wellchat = {orjson.dumps(facts).decode()};\nimportScripts({files});\n"
    response = Response(text, mimetype="text/javascript")
    # Allow the whole site as its scope.
    response.headers["Service-Worker-Allowed"] = "/"
    return _conditional(response, "no-cache")


def _digest() -> list[str]:
    found = logo()
    return [found.digest] if found else []


def _conditional(response: Response, cache_control: str) -> Response:
    response.headers["Cache-Control"] = cache_control
    response.add_etag()
    return cast(Response, response.make_conditional(request))


@pages.get("/manifest.webmanifest")
def manifest() -> Response:
    """Return the web application manifest (W3C Application Manifest), for the home screen."""
    name, light = current_app.config["NAME"], palette(current_app.config["ACCENT_HUE"])["light"]
    data = {
        "id": "/",
        "name": name,
        "short_name": name if len(name) <= 12 else name.split(" ")[0][:12],
        "lang": language(),
        "dir": direction(),
        "description": gettext("Conversations between clients and professionals"),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": light["canvas"],
        "theme_color": light["surface"],
        "icons": [*_drawn_logo(), *(_described(name) for name in ICONS if name != "apple-touch")],
        "shortcuts": [{"name": gettext(label), "url": path} for label, path in SHORTCUTS],
    }
    return _conditional(Response(orjson.dumps(data), mimetype="application/manifest+json"), "no-cache")


def _drawn_logo() -> list[dict[str, str]]:
    """Return an SVG logo as an icon. Browsers that take none use the others."""
    found = logo()
    if found is None or found.type != SVG:
        return []
    address = url_for("brand.logo", v=found.digest)
    return [{"src": address, "sizes": "any", "type": SVG, "purpose": "any"}]


def _described(name: str) -> dict[str, str]:
    side = ICONS[name][0]
    return {
        "src": url_for("offline.app_icon", name=name),
        "sizes": f"{side}x{side}",
        "type": "image/png",
        "purpose": "maskable" if name.startswith("maskable") else "any",
    }


@pages.get("/icons/<name>.png")
def app_icon(name: str) -> Response:
    """Return an icon as PNG. Raises NotFound for an unknown name."""
    if name not in ICONS:
        raise NotFound
    found = logo()
    if found is not None and found.type == PNG:
        picture = icon_of_logo(name, found.content)
    else:
        mark = Path(cast(str, current_app.static_folder)) / "icon.svg"
        picture = icon(name, current_app.config["ACCENT_HUE"], mark)
    return _conditional(Response(picture, mimetype="image/png"), f"public, max-age={DAY}")


@pages.get("/offline")
def offline() -> str:
    """Return the page that the service worker keeps, and shows for every page that it has not."""
    return render_template("offline/offline.html")


def colours() -> dict[str, Any]:
    """Return the palette of the installation for the templates."""
    return {"palette": lambda: palette(current_app.config["ACCENT_HUE"])}
