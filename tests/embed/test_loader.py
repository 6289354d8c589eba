"""The scripts of a host's page: what they weigh, and that any page may load them."""

from __future__ import annotations

import gzip
import hashlib
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from wellchat.bundle import BundleError, classic_script
from wellchat.embed.shrinking import small

GZIP = {"Accept-Encoding": "gzip"}
SCRIPTS = ("/embed/v1.js", "/embed/v1-panes.js")


@pytest.mark.parametrize("path", SCRIPTS)
def test_any_page_may_load_the_script_and_keep_it_for_an_hour(client: Any, path: str) -> None:
    plain, packed = client.get(path), client.get(path, headers=GZIP)
    assert gzip.decompress(packed.data) == plain.data
    for answer in (plain, packed):
        assert answer.status_code == 200
        assert answer.mimetype == "text/javascript"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.headers["Cache-Control"] == "public, max-age=3600"
        assert "Accept-Encoding" in answer.vary
        assert "Set-Cookie" not in answer.headers
    assert plain.headers["ETag"] != packed.headers["ETag"]
    again = client.get(path, headers=GZIP | {"If-None-Match": packed.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(("path", "most"), [(SCRIPTS[0], (5_999, 5_350)), (SCRIPTS[1], (3_200, 2_800))])
def test_the_script_weighs_little(client: Any, path: str, most: tuple[int, int]) -> None:
    sizes = [len(client.get(path, headers={"Accept-Encoding": each}).data) for each in ("gzip", "br")]
    assert sizes[0] <= most[0]
    assert sizes[1] <= most[1]


def test_they_are_classic_scripts_without_storage_or_styles_in_the_page(client: Any, node: str) -> None:
    texts = [client.get(path).text for path in SCRIPTS]
    for text in texts:
        checked = subprocess.run([node, "--check", "-"], input=text, text=True, capture_output=True)
        assert checked.returncode == 0, checked.stderr
        for word in ("localStorage", "sessionStorage", "indexedDB", "cookie", "<style", "innerHTML", "eval("):
            assert word not in text
    assert [set(re.findall(r"globalThis\.(\w+)", text)) for text in texts] == [{"wellchat"}, set()]


def test_the_first_script_asks_for_the_second_one_of_its_time(client: Any) -> None:
    named = re.findall(r'"(v1-panes\.js\?\w+)"', client.get("/embed/v1.js").text)
    assert named == ["v1-panes.js?" + hashlib.sha256(client.get("/embed/v1-panes.js").data).hexdigest()[:8]]


def test_the_second_script_takes_from_the_first_what_both_have(tmp_path: Path, node: str) -> None:
    (tmp_path / "a.js").write_text('import { twice } from "./b.js";\nglobalThis.given = { twice };\n')
    (tmp_path / "b.js").write_text("const TWO = 2;\nexport const twice = (n) => n * TWO;\n")
    later = 'import { twice } from "./b.js";\nimport { six } from "./d.js";\nconsole.log(twice(six));\n'
    (tmp_path / "c.js").write_text(later)
    (tmp_path / "d.js").write_text('import { twice } from "./b.js";\nexport const six = twice(3);\n')
    scripts = [classic_script(tmp_path, "a.js"), classic_script(tmp_path, "c.js", after="a.js")]
    assert "TWO" not in scripts[1]
    text = "globalThis.document = { currentScript: globalThis };\n" + "\n".join(scripts)
    assert subprocess.run([node, "-"], input=text, text=True, capture_output=True).stdout == "12\n"
    (tmp_path / "d.js").write_text("export const six = 6;\nconst twice = 2;\n")
    with pytest.raises(BundleError, match="twice"):
        classic_script(tmp_path, "c.js", after="a.js")


def test_a_smaller_script_does_the_same(node: str) -> None:
    text = """const SOON = 1_000; // ms
class Box {
  #held = "#held";
  #fff() {
    return [this.#held, SOON];
  }

  async #later(SOONER) {
    return SOONER;
  }

  get all() {
    return [...this.#fff(), `
      p { color: #abc; }
    `];
  }
}
console.log(new Box().all.join());
"""
    shrunk = small(text)
    assert not re.search(r"SOON\b|#later|this\.#held", shrunk)
    said = [
        subprocess.run([node, "-"], input=each, text=True, capture_output=True) for each in (text, shrunk)
    ]
    assert said[1].stdout.split() == ["#held,1000,", "p{color:#abc}"], said[1].stderr
    assert said[0].stdout.split() == ["#held,1000,", "p", "{", "color:", "#abc;", "}"]


def test_without_the_setting_there_is_no_script(make_app: Any) -> None:
    client = make_app(EMBED_ORIGINS=()).test_client()
    assert [client.get(path).status_code for path in SCRIPTS] == [404, 404]


@pytest.mark.parametrize(
    ("module", "wrong"),
    [
        ("export const one = 1;\n", "one"),
        ('import { two as one } from "./c.js";\n', "as"),
        ('export const later = () => import("./c.js");\n', "c.js"),
    ],
)
def test_a_classic_script_refuses_what_would_not_run_as_its_modules_do(
    tmp_path: Path, module: str, wrong: str
) -> None:
    (tmp_path / "a.js").write_text('import { x } from "./b.js";\nconst one = 2;\n')
    (tmp_path / "b.js").write_text(module)
    (tmp_path / "c.js").write_text("export const two = 2;\n")
    with pytest.raises(BundleError, match=wrong):
        classic_script(tmp_path, "a.js")


def test_the_application_knows_the_scripts_of_the_embed_alone(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules() if rule.rule in SCRIPTS}
    assert endpoints == {"embed_script.v1", "embed_script.v1_panes"}
