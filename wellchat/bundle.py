"""Modules in one answer: a page needs some forty, and over HTTP/1.1 each would be a request, and packed by itself.

No build step: it is done with the text of the modules when they are first asked for. Each becomes a function that
answers what it exports, in the order in which a browser would run them. What is imported later, by `import()`, stays
a module of its own, and finds the others where the bundle has left them, so that nothing is there twice.

It knows just the forms that the modules here are written in, and refuses all others.
"""

from __future__ import annotations

import re
from pathlib import Path

SHELF = "globalThis.wellchatModules"
IMPORT = re.compile(r'^import (?:\{(?P<names>[^}]*)\} from )?"(?P<path>\.[^"]+)";$', re.MULTILINE)
LATER = re.compile(r'\bimport\("(?P<path>\.[^"]+)"\)')
EXPORT = re.compile(r"^export (?=(?:(?:async )?function\*? |class |const )(?P<name>\w+))", re.MULTILINE)
EXPORTS = re.compile(r"^export \{(?P<names>[^}]*)\};$", re.MULTILINE)
OTHER = re.compile(r"^(?:export|import)\b(?!\().*$", re.MULTILINE)
COMPUTED = re.compile(r"\bimport\((?!\").*$", re.MULTILINE)  # means the same only from where the bundle is served


class CannotBundle(ValueError):
    """A module says something in a form that is not known here, or modules import each other in a circle."""


def bundle(folder: Path, start: str) -> str:
    """`start` and all that it imports, at once, as one module; names are paths below `folder`."""
    order = reached(folder, start)
    parts = [_as_function(folder, name, order, start) for name in order]
    return "\n".join([f"{SHELF} = {{}};", *parts])


def later(folder: Path, name: str, start: str) -> str:
    """A module that is not in the bundle of `start`, as it takes from there what is."""
    inside = reached(folder, start)
    text = (folder / name).read_text("utf-8")

    def taken(found: re.Match[str]) -> str:
        wanted = _beside(folder, name, found["path"])
        return _taking(found["names"], wanted) if wanted in inside else found[0]

    return IMPORT.sub(taken, text)


def reached(folder: Path, start: str) -> tuple[str, ...]:
    """`start` and all that it imports at once, each after those it imports. Raises CannotBundle."""
    done: dict[str, None] = {}

    def walk(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise CannotBundle(f"a circle of imports: {' → '.join((*path, name))}")
        if name in done:
            return
        for found in IMPORT.finditer((folder / name).read_text("utf-8")):
            walk(_beside(folder, name, found["path"]), (*path, name))
        done[name] = None

    walk(start, ())
    return tuple(done)


def _as_function(folder: Path, name: str, inside: tuple[str, ...], start: str) -> str:
    text = (folder / name).read_text("utf-8")
    gives = [found["name"] for found in EXPORT.finditer(text)]
    for found in EXPORTS.finditer(text):
        gives += [each.strip() for each in found["names"].split(",") if each.strip()]
    text = EXPORTS.sub("", EXPORT.sub("", text))
    text = IMPORT.sub(lambda found: _taking(found["names"], _beside(folder, name, found["path"])), text)
    if name != start and (odd := COMPUTED.search(text)):
        raise CannotBundle(f"{name}: {odd[0]}")
    if (odd := OTHER.search(text)) or any(" as " in each for each in gives):
        raise CannotBundle(f"{name}: {odd[0] if odd else 'export as'}")

    def called_later(found: re.Match[str]) -> str:
        wanted = _beside(folder, name, found["path"])
        if wanted in inside:
            return f'Promise.resolve({SHELF}["{wanted}"])'
        return f'import("{_address(wanted, start)}")'

    return f'{SHELF}["{name}"] = (() => {{\n{LATER.sub(called_later, text)}\nreturn {{ {", ".join(gives)} }};\n}})();'


def _taking(names: str | None, wanted: str) -> str:
    return f'const {{{(names or "").replace(" as ", ": ")}}} = {SHELF}["{wanted}"];'


def _beside(folder: Path, name: str, path: str) -> str:
    return (folder / name).parent.joinpath(path).resolve().relative_to(folder.resolve()).as_posix()


def _address(wanted: str, start: str) -> str:
    """As seen from the bundle, which is served in the place of `start`."""
    return "./" + Path(wanted).relative_to(Path(start).parent).as_posix()
