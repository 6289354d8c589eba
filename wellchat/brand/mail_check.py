"""Check the operator's templates of mails: read each, then render every mail in every language."""

from __future__ import annotations

import re
import traceback
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from flask import current_app
from jinja2 import Environment, TemplateNotFound, TemplateSyntaxError, Undefined, UndefinedError, meta, nodes

from wellchat.brand.mail_samples import ALWAYS, MARK, long_name, samples
from wellchat.clock import now
from wellchat.feature import registry
from wellchat.i18n import available_languages, direction, force_language
from wellchat.mail.compose import absolute_url
from wellchat.mail.palette import palette
from wellchat.mail.templates import FOLDER, sandbox

# Of mails and of pages alike: what runs, loads, or takes words from the reader.
FORBIDDEN = ("script", "iframe", "object", "embed", "form", "input", "link", "base", "svg")
_RUNS = re.compile(rf"<\s*(?:{'|'.join(FORBIDDEN)})\b|\bon[a-z]+\s*=|javascript:", re.IGNORECASE)
PARTS = ("subject.txt", "body.txt", "body.html", "style.css")


class Fault(NamedTuple):
    """A fault in a template. `line` is 0 where no single line is."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


class _Unknown(Undefined):
    """May be asked whether it is there, and not be printed."""

    def _fail(self, *_: Any, **__: Any) -> NoReturn:
        raise UndefinedError(f"unknown variable {self._undefined_name}")

    __str__ = __iter__ = __len__ = __call__ = __getitem__ = __eq__ = __hash__ = _fail
    __getattr__ = _fail

    def __bool__(self) -> bool:
        return False


def check_templates(folder: Path) -> tuple[list[Fault], int]:
    """Return (what is wrong, in the order of the files; how many mails were rendered)."""
    environment = sandbox(current_app, folder, _Unknown)
    files = files_in(folder)
    known = samples(long_name())
    handed = _handed_over(environment, files)
    faults = [*_misplaced(folder, files, handed)]
    for path in files:
        name = path.relative_to(folder).as_posix()
        allowed = _known_in(environment, name, known) | handed.get(name, set())
        faults += _read(environment, name, path, allowed)
    if faults:
        # What cannot be read would be found again in every language.
        return faults, 0
    rendered = 0
    found: dict[Fault, None] = {}
    for code in available_languages():
        with force_language(code):
            for mail in sorted(known.keys() & {*registry().mails, "discreet"}):
                found |= dict.fromkeys(_render(environment, folder, mail, known[mail]))
                rendered += 1
    return list(found), rendered


def files_in(folder: Path) -> list[Path]:
    """Return the operator's files of mails, in order; not those that editors and file managers hide."""
    found = (folder / "emails").rglob("*")
    return sorted(path for path in found if path.is_file() and not path.name.startswith("."))


# Reading


def _misplaced(folder: Path, files: list[Path], used: Collection[str | None]) -> Iterator[Fault]:
    """Find files with a name that none of ours has, and that none of theirs includes."""
    ours = [name for name in current_app.jinja_env.list_templates() if name.startswith(FOLDER)]
    kinds = {name.split("/")[1] for name in ours if name.count("/") > 1}
    places = {*ours, *(f"{FOLDER}{kind}/{part}" for kind in kinds for part in PARTS)}
    for path in files:
        name = path.relative_to(folder).as_posix()
        # None stands for a name that is only known when it is rendered.
        if name in places or name in used or (None in used and path.name.startswith("_")):
            continue
        near = get_close_matches(name, sorted(places), 1, cutoff=0.0)
        yield Fault(name, 0, f"no mail uses this file; the nearest that one does is {near[0]}")


def _handed_over(environment: Environment, files: list[Path]) -> dict[str | None, set[str]]:
    """Return {file that is included, imported or extended: names that those who do so set or loop over}."""
    found: dict[str | None, set[str]] = {}
    for path in files:
        try:
            tree = environment.parse(path.read_text("utf-8", "replace"))
        except TemplateSyntaxError:
            # Told with its line where it is read.
            continue
        made = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "store"}
        for name in meta.find_referenced_templates(tree):
            found.setdefault(name, set()).update(made)
    return found


def _read(environment: Environment, name: str, path: Path, allowed: set[str]) -> Iterator[Fault]:
    text = path.read_text("utf-8", "replace")
    try:
        tree = environment.parse(text, name, str(path))
        unknown = meta.find_undeclared_variables(tree) - allowed - _names_made(environment, tree)
    except TemplateSyntaxError as error:
        yield Fault(name, error.lineno, error.message or "cannot be read")
        return
    for node in tree.find_all(nodes.Name):
        if node.name in unknown and node.ctx == "load":
            yield Fault(name, node.lineno, f"unknown variable {node.name}")
    for filtered in tree.find_all(nodes.Filter):
        if filtered.name == "safe":
            yield Fault(name, filtered.lineno, "`safe` prints without escaping; names of people are not safe")
    for switch in tree.find_all(nodes.ScopedEvalContextModifier):
        yield Fault(name, switch.lineno, "escaping cannot be switched off")
    for number, line in enumerate(text.splitlines(), 1):
        if path.suffix == ".html" and (runs := _RUNS.search(line)):
            yield Fault(name, number, f"{runs[0].strip()} has no place in a mail")


def _known_in(environment: Environment, name: str, known: dict[str, Any]) -> set[str]:
    """Return the variables that a template may use: those of its mail; of all, for what several share."""
    mail = name.removeprefix(FOLDER).partition("/")[0]
    allowed = {*ALWAYS.split(), *environment.globals, "palette", "start"}
    allowed |= {key for each in ([known[mail]] if mail in known else known.values()) for key in each}
    # Included files get the loops of those that include them.
    return allowed | {"thread", "loop", "choice", "c", "d"} if Path(name).name.startswith("_") else allowed


def _names_made(environment: Environment, tree: nodes.Template) -> set[str]:
    """Return the names that a template and its parents import, set or define outside blocks.

    All blocks see them (Jinja, "Block Nesting and Scope"); `meta` does not know it.
    """
    made: set[str] = set()
    for node in tree.body:
        if isinstance(node, nodes.FromImport):
            made |= {each[1] if isinstance(each, tuple) else each for each in node.names}
        elif isinstance(node, nodes.Import):
            made.add(node.target)
        elif isinstance(node, nodes.Macro):
            made.add(node.name)
        elif isinstance(node, nodes.Assign | nodes.AssignBlock):
            made |= {each.name for each in node.target.find_all(nodes.Name)} | _itself(node.target)
        elif isinstance(node, nodes.Extends) and isinstance(node.template, nodes.Const):
            made |= _names_of_parent(environment, node.template.value)
    return made


def _itself(target: nodes.Node) -> set[str]:
    return {target.name} if isinstance(target, nodes.Name) else set()


def _names_of_parent(environment: Environment, name: str) -> set[str]:
    assert environment.loader is not None
    try:
        source = environment.loader.get_source(environment, name)[0]
        return _names_made(environment, environment.parse(source, name))
    except (TemplateNotFound, TemplateSyntaxError, RecursionError):
        # Told where it is read or rendered.
        return set()


# Rendering


def _render(environment: Environment, folder: Path, mail: str, sample: dict[str, Any]) -> Iterator[Fault]:
    context = sample | {
        "reply_to": lambda _thread_id: "reply+example@example.com",
        "link_to": lambda name: absolute_url(f"/{name}/example"),
        "url": absolute_url,
        "enter": absolute_url,
        "address": "somebody@example.com",
        "installation": current_app.config["NAME"],
        "brand_links": [("Terms", "https://example.com/terms")],
        "now": now(),
    }
    context["style"] = ""
    sheet = next(
        each for each in (f"emails/{mail}/style.css", "emails/_style.css") if _has(environment, each)
    )
    start = "right" if direction() == "rtl" else "left"
    colours = palette(current_app.config["ACCENT_HUE"])
    for part in (sheet, f"emails/{mail}/subject.txt", f"emails/{mail}/body.txt", f"emails/{mail}/body.html"):
        try:
            given = {"palette": colours, "start": start} if part == sheet else context
            text = environment.get_template(part).render(given)
        except TemplateNotFound as missing:
            if missing.name != part:
                yield Fault(part, 0, f"includes {missing.name}, which is not there")
            continue
        except Exception as error:
            # Whatever a template raises is what its writer wants to know.
            yield Fault(*_place(error, folder, part), str(error) or type(error).__name__)
            continue
        yield from _faults_of(part, text, sample)


def _has(environment: Environment, name: str) -> bool:
    try:
        environment.get_template(name)
    except TemplateNotFound:
        return False
    return True


def _place(error: Exception, folder: Path, part: str) -> tuple[str, int]:
    """Return the file and line of a template that raised something: the innermost one of the operator's."""
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        if frame.filename.startswith(str(folder)):
            return Path(frame.filename).relative_to(folder).as_posix(), frame.lineno or 0
    return part, 0


def _faults_of(part: str, text: str, sample: dict[str, Any]) -> Iterator[Fault]:
    if part.endswith("subject.txt") and not text.strip():
        yield Fault(part, 0, "the subject is empty")
    link = sample.get("unsubscribe_path")
    if part.endswith("body.html"):
        page = _Page()
        page.feed(text)
        yield from (Fault(part, 0, each) for each in dict.fromkeys(page.faults))
        if link and absolute_url(link) not in page.links:
            yield Fault(part, 0, "the link to unsubscribe is missing: {{ url(unsubscribe_path) }}")
    elif part.endswith("body.txt") and link and absolute_url(link) not in text:
        yield Fault(part, 0, "the line to unsubscribe is missing: {{ url(unsubscribe_path) }}")


class _Page(HTMLParser):
    """Gathers the links of a finished mail, and what has no place in it."""

    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == MARK:
            self.faults.append("a name is printed without escaping")
        if tag in FORBIDDEN:
            self.faults.append(f"<{tag} has no place in a mail")
        for key, value in attrs:
            if key.startswith("on") or (value or "").strip().lower().startswith("javascript:"):
                self.faults.append(f"{key} has no place in a mail")
            if key == "href" and value:
                self.links.add(value)
