"""Every sentence of the product stands in every catalog, whole, and nothing is said outside of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
from babel.messages.catalog import Catalog

import wellchat
from wellchat import catalogs
from wellchat.audit.kinds import KINDS
from wellchat.errors import WellchatError
from wellchat.features import FEATURES
from wellchat.mail.reasons import REWORDED
from wellchat.sso.tokens import BadToken

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.*") if path.suffix in (".html", ".txt"))
SCRIPTS = sorted(
    path for path in (ROOT / catalogs.SCRIPTS).rglob("*.js") if path.parent.name not in ("words", "sw")
)
each_language = pytest.mark.parametrize("language", catalogs.languages())

NAMED = re.compile(r"%\(\w+\)s|\{\w+\}")


@pytest.fixture(scope="module")
def source() -> Catalog:
    return catalogs.template()


@each_language
def test_is_whole(language: str, source: Catalog) -> None:
    known = {message.id: message for message in catalogs.sentences(catalogs.read(language))}
    wanted = {message.id for message in catalogs.sentences(source)}
    assert set(known) == wanted, "`make words` brings the catalogs up to date"
    for message in known.values():
        forms = catalogs.plural_forms(message)
        assert all(form.strip() for form in forms), f"not translated: {message.id}"
        assert not message.fuzzy, message.id


@each_language
def test_says_what_is_named(language: str) -> None:
    """The same names in the same number; only a form for one may leave its count to the word for one."""
    catalog = catalogs.read(language)
    for message in catalogs.sentences(catalog):
        if isinstance(message.id, tuple):
            assert len(message.string) == catalog.num_plurals, message.id
        wanted = sorted(NAMED.findall(message.id[1] if isinstance(message.id, tuple) else message.id))
        for form in catalogs.plural_forms(message):
            found = sorted(NAMED.findall(form))
            without_count = [name for name in wanted if name != "%(num)s"]
            assert found == wanted or (isinstance(message.id, tuple) and found == without_count), message.id
            assert not re.search(r"%(?!\(\w+\)s)", form), f"a bare % in {form}"


def test_a_reworded_reason_leads_to_a_sentence_of_today(source: Catalog) -> None:
    """Rows of the ledger that hold the old wording are shown in the new one, translated."""
    current = {message.id for message in catalogs.sentences(source)}
    assert set(REWORDED.values()) <= current
    assert not set(REWORDED) & current


@each_language
def test_brings_no_markup(language: str) -> None:
    """A translation is put into a page as it stands, into attributes too."""
    for message in catalogs.sentences(catalogs.read(language)):
        for form in catalogs.plural_forms(message):
            assert not set(form) & set('<>"&'), form


@each_language
def test_what_is_made_from_it_is_current(language: str) -> None:
    catalog = catalogs.read(language)
    assert catalogs.mo(language).read_bytes() == catalogs.to_mo(catalog)
    assert catalogs.script(language).read_text() == catalogs.to_js(catalog)


@each_language
def test_plurals_of_scripts_are_those_of_the_server(language: str) -> None:
    catalog = catalogs.read(language)
    found = catalogs.to_js(catalog)
    photos = catalog.get("%(num)s photo").string
    assert f'"one": "{photos[0]}"' in found
    assert f'"other": "{photos[1]}"' in found


def test_every_sentence_of_a_script_is_found(source: Catalog) -> None:
    for path in SCRIPTS:
        for sentence in re.findall(r'\btn?\(\s*"([^"]+)"', path.read_text()):
            assert source.get(sentence), f"{path.name}: {sentence}"


def test_every_declared_label_is_a_sentence(source: Catalog) -> None:
    """Labels are translated where they are shown, so each must be marked where it is declared."""
    known = {message.id for message in catalogs.sentences(source)}
    declared = [kind.label for kind in KINDS.values()]
    for feature in (import_module(f"wellchat.{name}").feature for name in FEATURES):
        tabs = (*feature.navigation, *feature.account_menu, *feature.settings_tabs, *feature.oversight_tabs)
        places = (*feature.thread_panels, *feature.connection_panels, *feature.search_sources, *tabs)
        declared += [each.label for each in (*feature.audited.values(), *feature.mails.values(), *places)]
        for kind in feature.notification_kinds:
            declared += filter(None, (kind.label, kind.title, kind.several, kind.discreet, kind.about))
    said = [label for label in declared if LETTERS.search(NAMED.sub("", label))]
    assert [label for label in said if label not in known] == []


WITH_TIME = re.compile(r'_\("([^"]+)"[^"]*?time=ui\.time\([^"]*"full"')
APART = re.compile(r"(?:: |\(|· |^)%\(time\)s")


@each_language
def test_a_full_time_stands_apart_in_its_sentence(language: str) -> None:
    """It may begin with the word for today, which no preposition fits."""
    catalog = catalogs.read(language)
    found = {sentence for path in TEMPLATES for sentence in WITH_TIME.findall(path.read_text())}
    assert len(found) > 10
    forms = [form for each in found for form in catalogs.plural_forms(catalog.get(each))]
    assert [form for form in forms if not APART.search(form)] == []


# What stands in a template outside of the sentences


STYLED = re.compile(
    r"(\{% block (?:\w+_class|style|dark) %\}).*?(\{% endblock %\})|<(style|script)\b.*?</\3>", re.S
)
OUTSIDE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!.*?>", re.S)
ATTRIBUTE = re.compile(r'\b(?:aria-label|title|placeholder|alt|aria-description)="([^"]*)"')
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
LETTERS = re.compile(r"[A-Za-z]{2,}")
STRING = re.compile(r""""([^"]*)"|'([^']*)'""")
ENGLISH = re.compile(r"^[A-Z][a-z]|^[A-Z] [a-z]|[a-z]{2} [a-z]")
ALLOWED = {
    "api/docs.html": "for programmers; the calls it tells of are English themselves",
    "api/_call.html": "the same",
    "host/docs.html": "the same",
    "layouts/icons.html": "drawings",
    "privacy/export/README.txt": "names of files and folders beside the sentences",
}
KEYS = {"Enter", "j k"}  # what stands on a key


def bare(text: str) -> Iterator[str]:
    """Words between tags, and in attributes that people read."""
    text = STYLED.sub("", text)
    text = OUTSIDE.sub(lambda found: "\0" if found[0].startswith("{{") else "", text)
    yield from (words for words in ATTRIBUTE.findall(text) if LETTERS.search(words.replace("\0", "")))
    for words in re.split(r"\0|\n", TAG.sub("\n", text)):
        words = re.sub(r"&\w+;", "", words)
        # an attribute or a path in pieces
        if LETTERS.search(words) and not re.match(r'[\w-]+="|/', words.strip()):
            yield words.strip()


def literals(text: str) -> Iterator[str]:
    """English in an expression that no translation is asked for."""
    text = re.sub(r"\{#.*?#\}", "", text, flags=re.S)
    for expression in re.findall(r"\{\{(.*?)\}\}|\{%(.*?)%\}", text, flags=re.S):
        code = "".join(expression)
        if re.match(r"-?\s*(extends|include|import|from|set sheet|macro)\b", code):
            continue
        code = re.sub(r'\bn?gettext\("[^"]*"(, "[^"]*")?|\b_\((?:"[^"]*"|\'[^\']*\')', "(", code)
        for word in map("".join, STRING.findall(code)):
            if ENGLISH.search(word) and not re.search(r"--|/|^\s|\.html|[<>=]", word) and word not in KEYS:
                yield word


def test_nothing_is_said_outside_of_the_sentences() -> None:
    found: dict[str, list[str]] = {}
    for path in TEMPLATES:
        name = path.relative_to(ROOT / "templates").as_posix()
        if name not in ALLOWED:
            found[name] = [*bare(path.read_text()), *literals(path.read_text())]
    assert found
    assert {name: words for name, words in found.items() if words} == {}


def test_the_search_for_bare_words_finds_them() -> None:
    assert list(bare('<p>Hello {{ name }}</p><a title="Go there">{{ _("x") }}</a>')) == ["Go there", "Hello"]
    assert list(literals('{{ button("Go there", "/go", "quiet") }}{{ _("Fine here") }}')) == ["Go there"]


PYTHON = [
    path
    for path in sorted((ROOT / "wellchat").rglob("*.py"))
    if path.name != "cli.py" and path.parent.name != "demo"  # told at a terminal, in English
]
# what they are told stands in the ledger, for its reader
REASONED = {
    "record_skip",
    "queue_mail",
    "create_claimed",
    "NotWanted",
}


@cache
def refusals() -> set[str]:
    """WellchatError and all that are one. Those of sign-on give their reason to developers, in the log."""

    def below(kind: type) -> set[str]:
        return {kind.__name__}.union(*map(below, kind.__subclasses__()))

    for module in walk_packages(wellchat.__path__, "wellchat."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    return below(WellchatError) - below(BadToken)


def untranslated(code: str) -> Iterator[int]:
    """Lines where flash(), a refusal, its title, a field's or a ledger's reason, is given English itself."""
    kinds = refusals()
    for node in ast.walk(ast.parse(code)):
        told: list[ast.expr | None] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name in kinds | {"flash"} | REASONED & {"NotWanted"}:
                told += node.args[:1]
            if name in kinds | REASONED:
                told += [each.value for each in node.keywords if each.arg in ("detail", "errors", "reason")]
        elif isinstance(node, ast.ClassDef) and node.name in kinds:
            for each in node.body:
                if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "title":
                    told.append(each.value)
        told = [part for each in told for part in (each.values if isinstance(each, ast.Dict) else [each])]
        yield from (
            each.lineno for each in told if isinstance(each, ast.JoinedStr | ast.Constant) and has_words(each)
        )


def has_words(told: ast.JoinedStr | ast.Constant) -> bool:
    return isinstance(told.value, str) and told.value != "" if isinstance(told, ast.Constant) else True


def test_what_people_are_told_is_translated() -> None:
    found = [f"{path.relative_to(ROOT)}:{line}" for path in PYTHON for line in untranslated(path.read_text())]
    assert PYTHON
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        'flash("Saved.")',
        'raise Conflict("It is taken.")',
        'raise errors.Busy(f"Wait {n} minutes.")',
        'raise Invalid({"name": "Too long."})',
        'raise DeadLink(detail="Gone.")',
        'raise NotWanted("It was read.")',
        'record_skip(name="reset", reason="There is no account with this address.")',
        'class DeadLink(WellchatError):\n    title = "Gone"',
    ],
)
def test_the_search_for_what_is_not_translated_finds_it(code: str) -> None:
    assert list(untranslated(code)) != []
    assert list(untranslated(re.sub(r'(?<!name=)(?<!\{)f?("[A-Z][^"]*")', r"gettext(\1)", code))) == []
