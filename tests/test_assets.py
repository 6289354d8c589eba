"""Static files and pages on the wire.

The same content, smaller, and never packed beside what could be guessed.
"""

from __future__ import annotations

import gzip
import re
import subprocess
from pathlib import Path

import brotli
import pytest

from wellchat.assets import ALL_STYLESHEETS, ENTRY, asset, asset_names, stylesheets
from wellchat.bundle import dependencies
from wellchat.features import all_features

GZIP = {"Accept-Encoding": "gzip, deflate"}
UNPACK = {"gzip": gzip.decompress, "br": brotli.decompress}


@pytest.fixture
def here(app):
    with app.test_request_context():
        yield


@pytest.mark.parametrize("name", [ALL_STYLESHEETS, "js/app.js", "icon.svg"])
@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, deflate", "gzip"), ("gzip, deflate, br", "br")])
def test_a_compressed_asset_has_the_same_content(client, here, name, accepted, encoding):
    address, taken = asset(name), {"Accept-Encoding": accepted}
    plain, packed = client.get(address), client.get(address, headers=taken)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == encoding
    assert UNPACK[encoding](packed.data) == plain.data
    assert len(packed.data) < len(plain.data)
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.vary
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert plain.headers["ETag"] != packed.headers["ETag"]
    again = client.get(address, headers={**taken, "If-None-Match": packed.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(address, headers={"Accept-Encoding": "gzip;q=0"}).data == plain.data


def test_assets_of_an_older_version_are_not_cached_for_good(client):
    answer = client.get("/assets/older/js/app.js")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize("name", ["js/none.js", "js/../js/app.js", "../config.py", "css"])
def test_a_missing_asset_is_a_404(client, name):
    assert client.get(f"/assets/x/{name}").status_code == 404


def test_every_style_sheet_is_joined_or_linked_by_its_page(app):
    there = {path.stem for path in Path(app.static_folder).glob("css/*.css")}
    linked = {
        name
        for path in Path(app.root_path).parent.glob("templates/**/*.html")
        for name in re.findall(r"asset\('css/(\w+)\.css'\)", path.read_text())
    }
    # Features that are off by default have theirs, too.
    joined = set(stylesheets()) | {name for feature in all_features() for name in feature.styles}
    assert there == joined | linked
    assert not set(stylesheets()) & linked


def test_no_module_of_the_bundle_is_served_separately(app, here):
    bundled = set(dependencies(Path(app.static_folder), ENTRY))
    assert bundled & set(asset_names()) == {ENTRY}
    assert {
        path.relative_to(app.static_folder).as_posix() for path in Path(app.static_folder).glob("js/**/*.js")
    } == {
        *bundled,
        *(name for name in asset_names() if name.startswith("js/")),
    }


def test_minified_scripts_are_valid(client, here, node, tmp_path):
    for name in asset_names():
        if name.endswith(".js"):
            file = tmp_path / f"{name.replace('/', '-')[:-3]}.mjs"
            file.write_bytes(client.get(asset(name)).data)
    files = sorted(tmp_path.glob("*.mjs"))
    assert len(files) > 15
    check = """
        for (const file of process.argv.slice(1))
          new (require("vm").SourceTextModule)(require("fs").readFileSync(file, "utf8"));
    """
    run = subprocess.run(
        [node, "--experimental-vm-modules", "-e", check, *files], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr


def test_no_arrow_is_followed_by_a_regular_expression(app):
    """The one place where rjsmin takes it for a division, and its blanks for blanks: put it in brackets."""
    for path in Path(app.static_folder).rglob("*.js"):
        assert not re.search(r"=>\s*/[^/*]", path.read_text()), path


def test_a_page_is_compressed_and_padded(browse, cast):
    paul = browse(cast.paul)
    plain = paul.get("/new")
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in plain.vary
    answers = [paul.get("/new", headers=GZIP) for _ in range(12)]
    assert all(answer.headers["Content-Encoding"] == "gzip" for answer in answers)
    assert b"<title>" in gzip.decompress(answers[0].data)
    assert len({len(answer.data) for answer in answers}) > 4


@pytest.mark.parametrize("path", ["/search?q=a", "/?q=a", "/no/such/page", "/api/me", "/api/threads"])
def test_a_page_with_a_query_string_is_not_compressed(browse, cast, path):
    assert "Content-Encoding" not in browse(cast.paul).get(path, headers=GZIP).headers
