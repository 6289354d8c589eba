"""Translate for the reader: sentences, plurals, days, times and numbers.

docs/languages.md says how to add a language.

The English sentence is the key, in templates, Python and JavaScript. The language of a page is the person's
own choice, or else what their browser asks for; that of a mail is its reader's (`force_language`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any, NamedTuple, cast

import flask_babel
from apiflask import APIFlask
from babel import Locale, numbers
from babel.dates import DateTimePattern, match_skeleton, parse_pattern
from babel.units import format_unit
from flask import current_app, g, has_app_context, has_request_context, request

ENGLISH = "en"

# English uses our own formats; every other language uses those of CLDR.
_ENGLISH_FORMATS = {
    "day": "EEE d MMM",
    "short": "d MMM",
    "year": "d MMM y",
    "weekday": "EEE",
    "long": "EEEE d MMMM",
}
_SKELETONS = {"day": "MMMEd", "short": "MMMd", "year": "yMMMd", "long": "MMMEd"}


class _Language(NamedTuple):
    """A locale with its catalog."""

    locale: Locale
    catalog: NullTranslations


_forced_language: ContextVar[_Language | None] = ContextVar("language", default=None)


def gettext(text: str, /, **named: Any) -> str:
    """Return the sentence in the reader's language; English if there is no reader.

    `%(name)s` is replaced by the argument `name`.
    """
    # The empty key of a catalog is its header.
    if text:
        text = _current().catalog.gettext(text)
    return text % named if named else text


def ngettext(one: str, several: str, num: int, /, **named: Any) -> str:
    """Return the sentence for `num`, in the plural form of the language.

    `%(num)s` is replaced by the count.
    """
    return _plural_form(one, several, num) % {"num": num, **named}


def _plural_form(one: str, several: str, num: int) -> str:
    return _current().catalog.ngettext(one, several, num)


def N_(text: str, /) -> str:  # noqa: N802
    """Mark a sentence for the catalogs; it is kept in English and translated when it is shown."""
    return text


def available_languages() -> tuple[str, ...]:
    """Return the language codes of this installation; the first is the default."""
    return tuple(current_app.config["LANGUAGES"])


def negotiated_language() -> str | None:
    """Return the best of our languages by Accept-Language (RFC 9110); None without a request or a match."""
    return request.accept_languages.best_match(available_languages()) if has_request_context() else None


def _viewer_language() -> str:
    # Read only what is loaded already: loading the user needs the database, and an error page may have none.
    known = getattr(g.get("_login_user"), "__dict__", {})
    chosen = known.get("locale", known.get("locale_before"))
    return (
        str(chosen) if chosen in available_languages() else negotiated_language() or available_languages()[0]
    )


def language() -> str:
    """Return the code of the current language: en, de, pt-BR."""
    return str(_current().locale).replace("_", "-")


def direction() -> str:
    """Return the writing direction of the current language: ltr or rtl."""
    return str(_current().locale.text_direction)


def force_language(code: str | None) -> Any:
    """Return a context manager that sets the language; the default language for None or an unknown code."""
    if not has_app_context():
        return nullcontext()
    return _force(code if code in available_languages() else available_languages()[0])


@contextmanager
def _force(code: str) -> Iterator[None]:
    with flask_babel.force_locale(code.replace("-", "_")):
        before = _forced_language.set(_load())
        try:
            yield
        finally:
            _forced_language.reset(before)


def _current() -> _Language:
    """Return the current language, kept for the request or the mail: a page has hundreds of sentences."""
    # A mail is written in its reader's language, also inside a request of somebody else.
    if forced := _forced_language.get():
        return forced
    # Tools and tests without an application speak English.
    if not has_app_context():
        return _Language(_parse_locale(ENGLISH), NullTranslations())
    found = g.get("i18n_language")
    if found is None:
        found = g.i18n_language = _load()
    return cast(_Language, found)


def _load() -> _Language:
    return _Language(flask_babel.get_locale() or _parse_locale(ENGLISH), flask_babel.get_translations())


def language_names() -> list[tuple[str, str]]:
    """Return (code, own name) for each language, such as (de, Deutsch)."""
    return [
        (code, str(_parse_locale(code).get_display_name()).capitalize()) for code in available_languages()
    ]


def script_language() -> str | None:
    """Return the language whose catalog the scripts load; None if they use the English in their source."""
    return code if (code := language()) in _script_catalogs() else None


@lru_cache(maxsize=1)
def _script_catalogs() -> frozenset[str]:
    return frozenset(
        path.stem for path in (Path(__file__).parent / "static" / "js" / "catalogs").glob("*.js")
    )


@lru_cache(maxsize=64)
def _parse_locale(code: str) -> Locale:
    return Locale.parse(code, sep="-")


# Days, times and numbers


def format_time(moment: datetime | time) -> str:
    """Format a time as 14:05 or as the language writes it.

    The moment must be in the reader's zone already.
    """
    locale = _current().locale
    if locale.language == ENGLISH:
        return moment.strftime("%H:%M")
    return str(locale.time_formats["short"].apply(moment, locale))


def format_date(of: date, form: str = "day") -> str:
    """Format a date; `form` is one of these.

    `day` Thu 12 Nov, `short` 12 Nov, `year` 12 Nov 2024, `weekday` Thu, `long` Thursday 12 November.
    """
    locale = _current().locale
    return str(_date_pattern(locale, form).apply(of, locale))


@lru_cache(maxsize=256)
def _date_pattern(locale: Locale, form: str) -> DateTimePattern:
    if locale.language == ENGLISH:
        return parse_pattern(_ENGLISH_FORMATS[form])
    if form == "weekday":
        return parse_pattern("ccc")
    known, skeleton = locale.datetime_skeletons, _SKELETONS[form]
    if skeleton not in known:
        skeleton = match_skeleton(skeleton, known, allow_different_fields=True) or "yMd"
    found = str(known[skeleton].pattern)
    # The short pattern with full names.
    if form == "long":
        found = re.sub("[Ec]+", "EEEE", re.sub("[ML]{3,}", "MMMM", found))
    return parse_pattern(found)


def format_span(span: timedelta) -> str:
    """Format a span of whole minutes in the largest unit without a rest: 3 days, 10 minutes."""
    minutes = int(span.total_seconds()) // 60
    unit, size = next(pair for pair in (("day", 1440), ("hour", 60), ("minute", 1)) if minutes % pair[1] == 0)
    return str(format_unit(minutes // size, f"duration-{unit}", locale=_current().locale))


def format_number(value: float, digits: int = 0) -> str:
    """Format a number as the language writes it, such as 1,234.5; `digits` after the point."""
    form = "#,##0" + "." * bool(digits) + "0" * digits
    return str(numbers.format_decimal(value, format=form, locale=_current().locale))


def format_share(value: float) -> str:
    """Format a share between 0 and 1 as the language writes it, such as 83.3%."""
    return str(numbers.format_percent(value, format="#,##0.#%", locale=_current().locale))


def format_duration(seconds: float) -> str:
    """Format how long something took: 40 sec, 12 min, 2 hr 5 min, 3.2 days; a sign before a negative one."""
    locale, length = _current().locale, abs(round(seconds))
    sign = "−" if seconds < 0 else ""
    if length >= 86_400:
        return sign + str(format_unit(round(length / 86_400, 1), "duration-day", "short", locale=locale))
    hours, minutes = divmod(round(length / 60), 60)
    parts = [(hours, "hour"), (minutes, "minute")] if length >= 60 else [(length, "second")]
    told = [str(format_unit(n, f"duration-{unit}", "short", locale=locale)) for n, unit in parts if n]
    return sign + (" ".join(told) or str(format_unit(0, "duration-second", "short", locale=locale)))


def init_app(app: APIFlask) -> None:
    """Register Flask-Babel, and the translation functions of the templates."""
    flask_babel.Babel(app, configure_jinja=False, default_locale=ENGLISH, locale_selector=_select_locale)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=gettext, ngettext=lambda one, several, num: _plural_form(one, several, num), newstyle=True
    )
    app.jinja_env.globals.update(lang=language, dir=direction, script_language=script_language)


def _select_locale() -> str:
    return _viewer_language().replace("-", "_")
