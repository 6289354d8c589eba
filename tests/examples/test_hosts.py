"""The small sites of examples/, as a stranger starts them: keys, people, conversations in a page, a badge."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests import forking
from tests.host_setup.test_init import lines_in
from tests.services import Live, Services, fetch, free_port, node_path, wait_for
from wellchat import create_app
from wellchat.config import read_settings
from wellchat.embedded import end_with_parent

EXAMPLES = Path(__file__).parents[2] / "examples"
PROGRAMS: dict[str, Callable[[], list[str]]] = {
    "host_flask": lambda: [sys.executable, "app.py"],
    "host_django": lambda: [sys.executable, "app.py"],
    "host_node": lambda: [shutil.which("node") or node_path(), "app.mjs"],
}
TEN = {"host_flask": 10, "host_django": 10, "host_node": 9}
# Another site than 127.0.0.1, where wellchat is: its frames are those of a third party.
SITE = "http://localhost:{port}"


@dataclass
class Salon:
    """One of the sites: where it is, and what its server knows."""

    name: str
    url: str
    port: int
    env: dict[str, str]
    folder: Path

    def start(self) -> Any:
        """Copy it into an empty folder, as a stranger does, and start it there."""
        shutil.copytree(EXAMPLES / self.name, self.folder)
        env = {**os.environ, **self.env, "PORT": str(self.port)}
        log = (self.folder / "log").open("wb")
        return subprocess.Popen(
            PROGRAMS[self.name](),
            cwd=self.folder,
            env=env,
            stdout=log,
            stderr=log,
            preexec_fn=end_with_parent,
        )

    def call(self, path: str) -> Any:
        """What the host API answers its key."""
        key = {"Authorization": f"Bearer {self.env['WELLCHAT_KEY']}"}
        status, text = fetch(f"{self.env['WELLCHAT_URL']}/api/host{path}", key)
        return json.loads(text) if status == 200 else status


@dataclass
class Afternoon:
    live: Live
    salons: dict[str, Salon]


@pytest.fixture(scope="module")
def afternoon(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Afternoon]:
    """wellchat with its worker, and the keys of every salon, made by command into files."""
    folder = tmp_path_factory.mktemp("afternoon")
    live = Live({"WELLCHAT_REDIS_URL": services.valkey(), "WELLCHAT_SWEEP_EVERY": "0.5"}, folder / "instance")
    salons: dict[str, Salon] = {}
    for name in PROGRAMS:
        port, env = free_port(), folder / f"{name}.env"
        url = SITE.format(port=port)
        words = ("host", "init", url, "--env", str(env), "--settings", str(folder / "wellchat.env"))
        if not salons:  # into an empty folder, as a stranger does
            done = forking.run("wellchat", *words, env={**os.environ, **live.env})
            assert done.returncode == 0, done.stderr
            app = create_app(read_settings(live.env), TESTING=True)
        else:
            assert app.test_cli_runner().invoke(args=words).exit_code == 0
        salons[name] = Salon(name, url, port, lines_in(env.read_text()), folder / name)
    live.env |= lines_in((folder / "wellchat.env").read_text())
    with ExitStack() as stack:
        stack.callback(live.stop)
        live.start(worker=True)
        yield Afternoon(live, salons)


class Steps:
    """Prints how long each step took; `pytest -s` shows it."""

    def __init__(self, name: str) -> None:
        self.name, self.since = name, time.monotonic()

    def done(self, what: str) -> None:
        now = time.monotonic()
        print(f"{self.name:<12} {now - self.since:5.1f} s  {what}")  # noqa: T201
        self.since = now


def inside(page: Page, element: str) -> FrameLocator:
    """What the frame of an element shows."""
    # While a page turns, the one that goes is inert.
    return page.frame_locator(f"{element} iframe").frame_locator("iframe:not([inert])")


def unread(page: Page, count: int) -> None:
    """The badge in the menu of the salon shows so many."""
    expect(page.locator("wellchat-bell button")).to_have_accessible_name(
        re.compile(rf"\b{count} unread" if count else r"^Messages$")
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_people_of_a_salon_write_to_each_other_in_its_pages(
    chromium: Browser, afternoon: Afternoon, name: str
) -> None:
    salon, steps = afternoon.salons[name], Steps(name)
    faults: list[str] = []
    with ExitStack() as stack:
        server = salon.start()
        stack.callback(server.wait)
        stack.callback(server.terminate)
        wait_for(lambda: _answers(salon.url), what=f"{name}: {(salon.folder / 'log').read_text()}")
        steps.done("the site starts")

        def sit(person: str) -> Page:
            context = chromium.new_context(base_url=salon.url)
            stack.callback(context.close)
            context.on("weberror", lambda fault: faults.append(str(fault.error)))
            page = context.new_page()
            page.goto("/")
            page.get_by_role("button", name=person).click()
            expect(page.get_by_role("button", name="Log out")).to_be_visible()
            return page

        hannah = sit("Hannah Whitcombe")
        hannah.get_by_label("What").fill(f"Balayage at {name}")
        hannah.get_by_role("button", name="Book").click()
        expect(hannah.get_by_role("listitem")).to_contain_text("(B-1)")
        assert salon.call("/users/c-1")["user"]["name"] == "Hannah Whitcombe"
        assert salon.call("/users/p-1")["user"]["role"] == "professional"
        steps.done("two people, a connection and a booking are put")

        # One look with a browser is enough: it costs a second.
        words = ("host", "check", salon.url, *(() if name == "host_flask" else ("--no-browser",)))
        checked = forking.run("wellchat", *words, env={**os.environ, **afternoon.live.env})
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert [line.split()[0] for line in checked.stdout.splitlines()] == ["ok"] * 6
        steps.done("six lines of host check are ok")

        rosa = sit("Rosa Delgado")
        unread(rosa, 0)
        hannah.get_by_role("link", name="Messages").click()
        thread = inside(hannah, "wellchat-thread")
        thread.get_by_label("Message", exact=True).fill(f"Hello from {name}")
        thread.get_by_role("button", name="Send").click()
        steps.done("Hannah writes in the page of the salon")
        unread(rosa, 1)
        steps.done("the badge of Rosa shows 1")

        rosa.get_by_role("link", name="Messages").click()
        inbox = inside(rosa, "wellchat-inbox")
        inbox.get_by_text(f"Hello from {name}").first.click()
        inbox.get_by_label("Message", exact=True).fill("See you then")
        hannah.get_by_role("link", name="Bookings").click()
        inbox.get_by_role("button", name="Send").click()
        unread(rosa, 0)
        unread(hannah, 1)
        steps.done("Rosa answers in her inbox, and the badge of Hannah shows 1")
        wait_for(lambda: hannah.reload() and hannah.locator("#written").inner_text() == "1", what="the event")
        steps.done("the site has heard of it by the feed")
    assert faults == []


def _answers(url: str) -> bool:
    try:
        return fetch(url)[0] == 200
    except OSError:
        return False


@pytest.mark.parametrize("name", PROGRAMS)
def test_wellchat_is_ten_lines_of_a_salon(name: str) -> None:
    text = "".join(
        path.read_text() for path in (EXAMPLES / name).rglob("*.*") if path.suffix in (".mjs", ".py", ".html")
    )
    assert len(re.findall(r"(?:#|//|<!--|\{#) wellchat(?: -->| #\})?$", text, re.MULTILINE)) == TEN[name]


def test_the_guide_shows_the_lines_as_they_are() -> None:
    guide = (EXAMPLES.parent / "docs" / "integrate.md").read_text().partition("### The ten lines")[2]
    shown = [block.strip() for block in re.findall(r"^```(?:python|html)\n(.*?)^```", guide, re.M | re.S)[:2]]
    folder = EXAMPLES / "host_flask"
    for block, file in zip(shown, (folder / "app.py", folder / "templates" / "page.html"), strict=True):
        marked = [line for line in file.read_text().splitlines() if " wellchat" in line]
        for line in filter(None, block.splitlines()):
            assert any(line.strip() in each for each in marked), line
        assert len([line for line in block.splitlines() if line]) == len(
            [each for each in marked if re.search(r"(# wellchat|# wellchat #\})$", each)]
        )


def test_python_hosts_copy_one_file() -> None:
    """And sign tokens as the examples do that the guide shows."""
    ours = (EXAMPLES / "host_flask" / "wellchat_host.py").read_text()
    assert (EXAMPLES / "host_django" / "wellchat_host.py").read_text() == ours
    shown = (EXAMPLES / "sign_on" / "wellchat_token.py").read_text()
    last = shown.partition("return ")[2].partition("\n")[0].replace("part(", "_part(")
    assert last in ours
