"""The bundle is the modules, and nothing else: it runs as they do, and refuses what it does not know."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.services import node_path
from wellchat.bundle import BundleError, bundle, dependencies, lazy_module

JS = Path(__file__).parent.parent / "wellchat" / "static"


def put(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / "js" / f"{name.replace('_', '/')}.js"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def run(folder: Path, script: str) -> object:
    (folder / "package.json").write_text('{"type": "module"}')
    done = subprocess.run(
        [node_path(), "--input-type=module", "-e", script],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_the_bundle_runs_as_the_modules_do(tmp_path: Path) -> None:
    put(
        tmp_path,
        app='import { twice as double, Box } from "./lib/sums.js";\nimport "./lib/loud.js";\n'
        "globalThis.said.push(double(new Box(4).held));\n"
        'globalThis.done = import("./lib/late.js").then(({ late }) => late());\n',
        lib_sums='import { FACTOR } from "./numbers.js";\n'
        "export const twice = (n) => FACTOR * n;\nexport class Box {\n"
        "  constructor(held) { this.held = held; }\n}\n",
        lib_numbers="const FACTOR = 2;\nexport { FACTOR };\nexport async function slow() { return 1; }\n",
        lib_loud='globalThis.said = ["first"];\n',
        lib_late='import { Box } from "./sums.js";\nimport { other } from "./other.js";\n'
        "export const late = () => [other, new Box(1) instanceof Box, Box === globalThis.registered];\n",
        lib_other='export const other = "other";\n',
    )
    (tmp_path / "out" / "lib").mkdir(parents=True)
    (tmp_path / "out" / "app.js").write_text(bundle(tmp_path, "js/app.js"))
    for name in ("late", "other"):
        (tmp_path / "out" / "lib" / f"{name}.js").write_text(
            lazy_module(tmp_path, f"js/lib/{name}.js", "js/app.js")
        )
    script = """
        await import("./out/app.js");
        globalThis.registered = globalThis.wellchatModules["js/lib/sums.js"].Box;
        console.log(JSON.stringify([globalThis.said, await globalThis.done]));
    """
    assert run(tmp_path, script) == [["first", 8], ["other", True, True]]


@pytest.mark.parametrize(
    "text",
    [
        "export default 1;\n",
        "export let moving = 1;\n",
        'import all from "./b.js";\n',
        'import * as all from "./b.js";\n',
        'export { b } from "./b.js";\n',
        "const a = 1;\nexport { a as b };\n",
    ],
)
def test_unsupported_import_and_export_forms_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BundleError):
        bundle(put(tmp_path, app=text, b="export const b = 1;\n"), "js/app.js")


def test_a_computed_import_is_allowed_in_the_entry_only(tmp_path: Path) -> None:
    computed = "export const later = (name) => import(`./${name}.js`);\n"
    assert computed.removeprefix("export ") in bundle(put(tmp_path, app=computed), "js/app.js")
    with pytest.raises(BundleError, match="import"):
        bundle(put(tmp_path, app='import "./lib/b.js";\n', lib_b=computed), "js/app.js")


def test_an_import_cycle_is_refused(tmp_path: Path) -> None:
    put(tmp_path, app='import "./b.js";\n', b='import "./app.js";\n')
    with pytest.raises(BundleError, match="circle"):
        bundle(tmp_path, "js/app.js")


def test_every_module_is_bundled_or_imported_later() -> None:
    bundled = dependencies(JS, "js/app.js")
    assert "js/lib/dom.js" in bundled
    assert bundle(JS, "js/app.js").count(" = (() => {") >= len(bundled)
    for path in (JS / "js").rglob("*.js"):
        name = path.relative_to(JS).as_posix()
        if name not in bundled:
            lazy_module(JS, name, "js/app.js")
