"""The script of a host's page: what it weighs, and that any page may load it."""

from __future__ import annotations

import gzip
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from wellchat.bundle import BundleError, classic_script

GZIP = {"Accept-Encoding": "gzip"}


def test_any_page_may_load_the_script_and_keep_it_for_an_hour(client: Any) -> None:
    plain, packed = client.get("/embed/v1.js"), client.get("/embed/v1.js", headers=GZIP)
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
    again = client.get("/embed/v1.js", headers=GZIP | {"If-None-Match": packed.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_script_weighs_little(client: Any) -> None:
    sizes = [len(client.get("/embed/v1.js", headers={"Accept-Encoding": each}).data) for each in ("gzip", "br")]
    print("v1.js: {:,} bytes gzip, {:,} bytes brotli, as over HTTPS".format(*sizes))
    assert sizes[0] <= 8_600
    assert sizes[1] <= 7_700


def test_it_is_a_classic_script_without_storage_or_styles_in_the_page(client: Any, node: str) -> None:
    text = client.get("/embed/v1.js").text
    assert subprocess.run([node, "--check", "-"], input=text, text=True, capture_output=True).returncode == 0
    for word in ("localStorage", "sessionStorage", "indexedDB", "cookie", "<style", "innerHTML", "eval("):
        assert word not in text
    assert set(re.findall(r"globalThis\.(\w+)", text)) == {"wellchat"}


def test_without_the_setting_there_is_no_script(make_app: Any) -> None:
    assert make_app(EMBED_ORIGINS=()).test_client().get("/embed/v1.js").status_code == 404


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


def test_the_application_knows_the_script_of_the_embed_alone(app: Flask) -> None:
    assert [rule.endpoint for rule in app.url_map.iter_rules() if rule.rule == "/embed/v1.js"] == ["embed_script.v1"]
