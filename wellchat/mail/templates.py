"""Find the templates of mails: ours, or those of the operator that take their place (WELLCHAT_TEMPLATES).

The operator's run in Jinja's sandbox, which withholds what is ours alone: settings, the request, the
database. One that fails at sending is replaced by ours, so that nobody is left without their mail.
"""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Flask, current_app
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    TemplateNotFound,
    Undefined,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from wellchat.config import setting

log = logging.getLogger(__name__)

FOLDER = "emails/"
# Of the globals of pages, what a mail may call.
GLOBALS = ("_", "gettext", "ngettext", "lang", "dir", "with_next", "link_lasts")


class _MailsOnly(BaseLoader):
    """Loads nothing but templates of mails, whatever a template names."""

    def __init__(self, loader: BaseLoader) -> None:
        self._loader = loader

    def get_source(self, environment: Environment, template: str) -> Any:
        if not template.startswith(FOLDER):
            raise TemplateNotFound(template)
        return self._loader.get_source(environment, template)


def sandbox(app: Flask, folder: Path, undefined: type[Undefined] = Undefined) -> Environment:
    """Return an environment in which the templates below `folder` come before ours."""
    ours, pages = app.jinja_env.loader, app.jinja_env
    assert ours is not None
    made = ImmutableSandboxedEnvironment(
        loader=_MailsOnly(ChoiceLoader([FileSystemLoader(folder), ours])),
        autoescape=app.select_jinja_autoescape,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=undefined,
        # Read once: a file that is half written is in no mail.
        auto_reload=False,
    )
    made.filters = dict(pages.filters)
    # Beside Jinja's own, of which the sandbox has a `range` that ends.
    made.globals.update({name: pages.globals[name] for name in GLOBALS if name in pages.globals})
    made.newstyle_gettext = True  # type: ignore[attr-defined]
    # `config.NAME` is what our own templates say; of the other settings some are secrets.
    made.globals["config"] = _Names()
    return made


class _Names(SimpleNamespace):
    """The settings that a template of a mail may read."""

    @property
    def NAME(self) -> str:  # noqa: N802
        return str(setting("NAME"))


def _of_operator() -> Environment | None:
    folder: Path | None = setting("TEMPLATES")
    if folder is None:
        return None
    # Made when the first mail needs it: by then every feature has named its filters.
    made: dict[Path, Environment] = current_app.extensions.setdefault("mail_templates", {})
    if folder not in made:
        made[folder] = sandbox(current_app, folder)
    return made[folder]


def render_mail(name: str, context: dict[str, Any]) -> str:
    """Return what a template makes of this. Raises TemplateNotFound.

    Not by render_template: its context processors add the viewer and zone of a request.
    """
    theirs = _of_operator()
    if theirs is not None:
        try:
            return theirs.get_template(name).render(context)
        except TemplateNotFound as missing:
            if missing.name == name:
                raise
            log.error("the template %s includes %s, which is not there; ours is sent", name, missing.name)
        except Exception as error:
            # Whatever a template of somebody's raises: the person waits for the mail.
            log.error("the template %s cannot be rendered; ours is sent: %s", name, error)
    return current_app.jinja_env.get_template(name).render(context)
