"""Modules in one answer: a page needs some forty, and over HTTP/1.1 each would be a request, and packed by itself.

No build step: it is done with the text of the modules when they are first asked for. Each becomes a function that
answers what it exports, in the order in which a browser would run them. What is imported later, by `import()`, stays
a module of its own, and finds the others where the bundle has left them, so that nothing is there twice.

It knows just the forms that the modules here are written in, and refuses all others.
"""

from __future__ import annotations

import re
from pathlib import Path

REGISTRY = "globalThis.wellchatModules"
IMPORT = re.compile(r'^import (?:\{(?P<names>[^}]*)\} from )?"(?P<path>\.[^"]+)";$', re.MULTILINE)
DYNAMIC_IMPORT = re.compile(r'\bimport\("(?P<path>\.[^"]+)"\)')
EXPORT = re.compile(r"^export (?=(?:(?:async )?function\*? |class |const )(?P<name>\w+))", re.MULTILINE)
EXPORTS = re.compile(r"^export \{(?P<names>[^}]*)\};$", re.MULTILINE)
UNSUPPORTED = re.compile(r"^(?:export|import)\b(?!\().*$", re.MULTILINE)
# Its path means the same only from where the bundle is served.
COMPUTED_IMPORT = re.compile(r"\bimport\((?!\").*$", re.MULTILINE)


class BundleError(ValueError):
    """A module says something in a form that is not known here, or modules import each other in a circle."""


def bundle(folder: Path, entry: str) -> str:
    """`entry` and all that it imports, at once, as one module; names are paths below `folder`."""
    order = dependencies(folder, entry)
    parts = [_as_function(folder, name, order, entry) for name in order]
    return "\n".join([f"{REGISTRY} = {{}};", *parts])


def lazy_module(folder: Path, name: str, entry: str) -> str:
    """A module that is not in the bundle of `entry`, as it takes from there what is."""
    bundled = dependencies(folder, entry)
    text = (folder / name).read_text("utf-8")

    def import_from_registry(found: re.Match[str]) -> str:
        target = _resolve(folder, name, found["path"])
        return _import_clause(found["names"], target) if target in bundled else found[0]

    return IMPORT.sub(import_from_registry, text)


def dependencies(folder: Path, entry: str) -> tuple[str, ...]:
    """`entry` and all that it imports at once, each after those it imports. Raises BundleError."""
    done: dict[str, None] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise BundleError(f"a circle of imports: {' → '.join((*path, name))}")
        if name in done:
            return
        for found in IMPORT.finditer((folder / name).read_text("utf-8")):
            visit(_resolve(folder, name, found["path"]), (*path, name))
        done[name] = None

    visit(entry, ())
    return tuple(done)


def _as_function(folder: Path, name: str, bundled: tuple[str, ...], entry: str) -> str:
    text = (folder / name).read_text("utf-8")
    exported = [found["name"] for found in EXPORT.finditer(text)]
    for found in EXPORTS.finditer(text):
        exported += [each.strip() for each in found["names"].split(",") if each.strip()]
    text = EXPORTS.sub("", EXPORT.sub("", text))
    text = IMPORT.sub(
        lambda found: _import_clause(found["names"], _resolve(folder, name, found["path"])), text
    )
    if name != entry and (unsupported := COMPUTED_IMPORT.search(text)):
        raise BundleError(f"{name}: {unsupported[0]}")
    if (unsupported := UNSUPPORTED.search(text)) or any(" as " in each for each in exported):
        raise BundleError(f"{name}: {unsupported[0] if unsupported else 'export as'}")

    def import_dynamically(found: re.Match[str]) -> str:
        target = _resolve(folder, name, found["path"])
        if target in bundled:
            return f'Promise.resolve({REGISTRY}["{target}"])'
        return f'import("{_relative_url(target, entry)}")'

    text = DYNAMIC_IMPORT.sub(import_dynamically, text)
    return f'{REGISTRY}["{name}"] = (() => {{\n{text}\nreturn {{ {", ".join(exported)} }};\n}})();'


def _import_clause(names: str | None, target: str) -> str:
    return f'const {{{(names or "").replace(" as ", ": ")}}} = {REGISTRY}["{target}"];'


def _resolve(folder: Path, name: str, path: str) -> str:
    return (folder / name).parent.joinpath(path).resolve().relative_to(folder.resolve()).as_posix()


def _relative_url(target: str, entry: str) -> str:
    """As seen from the bundle, which is served in the place of `entry`."""
    return "./" + Path(target).relative_to(Path(entry).parent).as_posix()
