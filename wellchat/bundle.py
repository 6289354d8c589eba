"""Join the ES modules of a page into one response.

A page needs about forty modules, and over HTTP/1.1 each would be a request of its own. There is no build
step: this runs when a script is first requested. Each module becomes a function that returns its exports; the
functions run in the order in which a browser would run the modules. A module that is imported later, by
`import()`, stays separate and takes the others from the bundle's registry, so that no module runs twice.

Only the import and export forms used in static/js are supported; all others raise BundleError.
"""

from __future__ import annotations

import re
from pathlib import Path

REGISTRY = "globalThis.wellchatModules"
IMPORT = re.compile(r'^import (?:\{(?P<names>[^}]*)\} from )?"(?P<path>\.[^"]+)";$', re.MULTILINE)
DYNAMIC_IMPORT = re.compile(r'\bimport\("(?P<path>\.[^"]+)"\)')
EXPORT = re.compile(r"^export (?=(?:(?:async )?function\*? |class |const )(?P<name>\w+))", re.MULTILINE)
EXPORTS = re.compile(r"^export \{(?P<names>[^}]*)\};$", re.MULTILINE)
# At the left edge: one name, or those that are taken apart.
DECLARED = re.compile(r"^(?:(?:async )?function\*? |class |const |let )(?:\[|\{)?\s*(\w+)", re.MULTILINE)
UNSUPPORTED = re.compile(r"^(?:export|import)\b(?!\().*$", re.MULTILINE)
# A computed path is relative to its own file; in the bundle it would be relative to the entry.
COMPUTED_IMPORT = re.compile(r"\bimport\((?!\").*$", re.MULTILINE)


class BundleError(ValueError):
    """A module uses an unsupported import or export form, or modules import each other in a cycle."""


def bundle(folder: Path, entry: str) -> str:
    """Return `entry` and everything it imports statically as one module.

    All names are paths below `folder`. Raises BundleError.
    """
    order = dependencies(folder, entry)
    parts = [_as_function(folder, name, order, entry) for name in order]
    return "\n".join([f"{REGISTRY} = {{}};", *parts])


def classic_script(folder: Path, entry: str, after: str | None = None) -> str:
    """Return `entry` and its imports as one classic script, which leaves no name behind.

    The modules share one scope, so it is smaller than a bundle. What the script `after` has stays there: it
    hands over what is imported from it as `given` of the script's element. Raises BundleError for a name
    that two modules have, and for one that is imported under another.
    """
    there = dependencies(folder, after) if after else ()
    found: set[str] = set()
    given: set[str] = set()
    parts = []
    for name in dependencies(folder, entry):
        if name in there:
            continue
        text = (folder / name).read_text("utf-8")
        imports = [(each["names"] or "", each["path"]) for each in IMPORT.finditer(text)]
        renamed = [names for names, _ in imports if " as " in names]
        for names, path in imports:
            if _resolve(folder, name, path) in there:
                given |= {each.strip() for each in names.split(",") if each.strip()}
        text = EXPORTS.sub("", EXPORT.sub("", IMPORT.sub("", text)))
        names = set(DECLARED.findall(text))
        if wrong := [*(found & names), *renamed, *UNSUPPORTED.findall(text), *DYNAMIC_IMPORT.findall(text)]:
            raise BundleError(f"{name}: {', '.join(sorted(wrong))}")
        found |= names
        parts.append(text)
    if wrong := sorted(found & given):
        raise BundleError(f"{entry}: {', '.join(wrong)}")
    if given:
        parts.insert(0, f"const {{ {', '.join(sorted(given))} }} = document.currentScript.given;")
    return '(() => {"use strict";\n' + "\n".join(parts) + "\n})();"


def lazy_module(folder: Path, name: str, entry: str) -> str:
    """Return a module outside the bundle, with its imports of bundled modules replaced by the registry."""
    bundled = dependencies(folder, entry)
    text = (folder / name).read_text("utf-8")

    def import_from_registry(found: re.Match[str]) -> str:
        target = _resolve(folder, name, found["path"])
        return _import_clause(found["names"], target) if target in bundled else found[0]

    return IMPORT.sub(import_from_registry, text)


def dependencies(folder: Path, entry: str) -> tuple[str, ...]:
    """Return `entry` and its static imports, each after the modules that it imports. Raises BundleError."""
    done: dict[str, None] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise BundleError(f"a circle of imports: {' → '.join((*path, name))}")
        if name in done:
            return
        for found in IMPORT.finditer((folder / name).read_text("utf-8")):
            visit(_resolve(folder, name, found["path"]), (*path, name))
        # Depth first: a module comes after everything that it imports, as in a browser.
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
    """Return the path relative to the bundle, which is served at the address of `entry`."""
    return "./" + Path(target).relative_to(Path(entry).parent).as_posix()
