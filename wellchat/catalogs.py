"""Keep the catalogs: one .po per language, and its .mo for Python and .js for the page's scripts.

`make words` adds new sentences and writes all files; `make words ARGS=it` begins a language.
docs/languages.md says how to work with it.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from gettext import c2py  # the standard library's reader of plural rules
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
TRANSLATIONS = ROOT / "wellchat" / "translations"
SCRIPTS = "wellchat/static/js"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "t": None, "tn": (1, 2)}
SOURCES = {  # folders with sentences, and how to extract them
    "wellchat": [("static/js/catalogs/**", "ignore"), ("static/js/**.js", "javascript"), ("**.py", "python")],
    "templates": [("**.html", "jinja2"), ("**.txt", "jinja2")],
}
OPTIONS = {"**.html": {"extensions": "jinja2.ext.i18n", "silent": "false"}}
OPTIONS["**.txt"] = OPTIONS["**.html"]
OPTIONS["static/js/**.js"] = {"parse_template_string": "true"}


def languages() -> list[str]:
    """Return the languages with a catalog, sorted; English has none."""
    return sorted(path.name for path in TRANSLATIONS.iterdir() if (path / "LC_MESSAGES").is_dir())


def po(language: str) -> Path:
    """Return the path of the .po file: the translations that people edit."""
    return TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"


def mo(language: str) -> Path:
    """Return the path of the .mo file, which Python reads."""
    return po(language).with_suffix(".mo")


def script(language: str) -> Path:
    """Return the path of the .js file, which the page's scripts load."""
    return ROOT / SCRIPTS / "catalogs" / f"{language.replace('_', '-')}.js"


def template() -> Catalog:
    """Return a catalog of every sentence in the source, with the files that use it."""
    found = Catalog(project="wellchat", charset="utf-8")
    for folder, methods in SOURCES.items():
        rows = extract_from_dir(ROOT / folder, methods, OPTIONS, KEYWORDS, strip_comment_tags=True)
        for name, _line, sentence, _comments, context in rows:
            found.add(sentence, locations=[(f"{folder}/{name}", 0)], context=context)
    return found


def read(language: str) -> Catalog:
    """Return the catalog of a language."""
    with po(language).open("rb") as file:
        return read_po(file, locale=language)


def sentences(catalog: Catalog) -> Iterator[Message]:
    """Yield the messages of a catalog without its header."""
    return (message for message in catalog if message.id)


def update_catalog(catalog: Catalog) -> Catalog:
    """Return the catalog with the sentences of today; new ones are empty.

    No translation is guessed (no fuzzy matching): a guess would only look finished.
    """
    catalog.update(template(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    for message in sentences(catalog):
        # Without line numbers: they would change the file at every edit of the source.
        message.locations = sorted({(name, 0) for name, _ in message.locations})
    return catalog


def to_po(catalog: Catalog) -> bytes:
    """Return the catalog as the bytes of a .po file."""
    out = io.BytesIO()
    write_po(out, catalog, width=120, include_lineno=False, omit_header=False, sort_output=True)
    return out.getvalue()


def to_mo(catalog: Catalog) -> bytes:
    """Return the catalog as the bytes of a .mo file."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def to_js(catalog: Catalog) -> str:
    """Return a script with the sentences that the scripts use.

    A plural becomes an object: form by its category of Intl.PluralRules.
    """
    words: dict[str, Any] = {}
    for message in sentences(catalog):
        if not any(name.startswith(SCRIPTS) for name, _ in message.locations):
            continue
        if isinstance(message.id, tuple):
            words[message.id[0]] = _by_category(catalog, message.string)
        else:
            words[str(message.id)] = message.string
    body = json.dumps(dict(sorted(words.items())), ensure_ascii=False, indent=0)
    head = f"/* Made from the catalog {catalog.locale} by `make words`. */"
    return f"{head}\nglobalThis.wellchatCatalog = {body};\n"


def _by_category(catalog: Catalog, forms: Any) -> dict[str, str]:
    category, index = Locale.parse(str(catalog.locale)).plural_form, c2py(catalog.plural_expr)
    found: dict[str, str] = {}
    # These counts reach every plural category of CLDR's whole numbers.
    for count in [*range(200), 1_000, 1_000_000]:
        found.setdefault(category(count), forms[index(count)])
    return found


def make(language: str) -> int:
    """Write the .po, .mo and .js of a language. Return how many sentences have no translation yet."""
    catalog = update_catalog(read(language))
    po(language).write_bytes(to_po(catalog))
    mo(language).write_bytes(to_mo(catalog))
    script(language).parent.mkdir(exist_ok=True)
    script(language).write_text(to_js(catalog))
    return sum(not all(plural_forms(message)) for message in sentences(catalog))


def plural_forms(message: Message) -> tuple[str, ...]:
    """Return the translations of a message: one, or one per plural form."""
    return tuple(message.string) if isinstance(message.id, tuple) else (str(message.string or ""),)  # type: ignore[arg-type]


def create(language: str) -> None:
    """Create an empty catalog for a new language."""
    po(language).parent.mkdir(parents=True)
    po(language).write_bytes(to_po(Catalog(locale=language, project="wellchat", charset="utf-8")))


if __name__ == "__main__":
    for code in sys.argv[1:]:
        create(code)
    for each in languages():
        sys.stdout.write(f"{each}: {make(each)} sentences wait for a translation\n")
