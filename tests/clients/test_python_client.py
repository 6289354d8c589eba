"""The Python client, against a live server that is killed, too fast, and knows another cursor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from examples.bot import WORDS
from tests.attachments.files import picture
from tests.browser.house import PASSWORD, House, a_house
from tests.services import wait_for
from wellchat.accounts.actions import create_token
from wellchat.clock import now
from wellchat_client import Client, Follower, NoAnswer, NotSignedIn, Refused, TooFast, shapes

ROOT = Path(__file__).parents[2]
house = a_house(WELLCHAT_RATE_LIMITS="on", WELLCHAT_POLL_INTERVAL="0.2")
live = pytest.mark.slow


@pytest.fixture
def client_of(house: House) -> Any:
    def make(person: Any, **options: Any) -> Client:
        with house.app.app_context():
            return Client(house.url, create_token(user_id=person.id, now=now()), **options)

    return make


class Copy:
    """What a program has of a person's messages, and the cursor it kept beside them."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.messages: dict[tuple[str, int], Any] = {}
        self.steps: list[str] = []
        self.cursor = ""
        self.follower = Follower(client, apply=self.apply, reload=self.reload, save=self.save, wait=2)

    def apply(self, update: shapes.Update) -> None:
        self.steps.append("apply")
        self.messages |= {(each["thread_id"], each["seq"]): each for each in update["messages"]}

    def reload(self) -> None:
        self.steps.append("reload")
        self.messages = {
            (thread["id"], message["seq"]): message
            for thread in self.client.threads()
            for message in self.client.messages(thread["id"])["messages"]
        }

    def save(self, cursor: str) -> None:
        self.steps.append("save")
        self.cursor = cursor

    def bodies(self) -> list[Any]:
        return [self.messages[key]["body"] for key in sorted(self.messages)]

    @contextmanager
    def following(self, cursor: str | None = None) -> Iterator[None]:
        thread = threading.Thread(target=self.follower.run, args=(cursor,), daemon=True)
        thread.start()
        yield
        self.follower.stop()
        thread.join(timeout=30)
        assert not thread.is_alive()


@live
def test_nothing_is_lost_or_doubled_while_the_server_is_killed(house: House, client_of: Any) -> None:
    cara, paul = client_of(house.cara), Copy(client_of(house.paul))
    file = cara.upload('a "picture".png', picture())
    assert cara.download(file) == client_of(house.cara).request("GET", file["url"]).body
    with paul.following():
        cara.send(house.thread_id, "before", attachments=[file["id"]])
        wait_for(lambda: "before" in paul.bodies(), what="the first message")
        assert house.live.web
        house.live.web.stop(signal.SIGKILL)
        sending = threading.Thread(target=cara.send, args=(house.thread_id, "while it was down"))
        sending.start()
        house.live.start_web()
        sending.join(timeout=60)
        cara.send(house.thread_id, "after", reply_to=1)
        wait_for(lambda: "after" in paul.bodies(), seconds=60, what="the last message")
        assert paul.bodies() == ["before", "while it was down", "after"]
    assert [m["body"] for m in cara.messages(house.thread_id)["messages"]] == paul.bodies()
    assert paul.steps[:2] == ["reload", "save"]
    assert set(zip(paul.steps[2::2], paul.steps[3::2], strict=True)) == {("apply", "save")}
    assert paul.client.mark_read(house.thread_id, 3)["messages"] == 0
    assert paul.client.poll_interval == 0.2


@live
def test_a_cursor_that_leads_nowhere_loads_everything_again(house: House, client_of: Any) -> None:
    cara, paul = client_of(house.cara), Copy(client_of(house.paul))
    foreign = cara.me()["cursor"]
    with paul.following(foreign):
        wait_for(lambda: paul.steps[:2] == ["reload", "save"], what="the reload")
        cara.send(house.thread_id, "and on it goes")
        wait_for(lambda: "and on it goes" in paul.bodies(), what="the message")
    assert paul.cursor not in ("", foreign)
    assert paul.steps.count("reload") == 1


@live
def test_refusals_are_obeyed_or_raised(house: House, client_of: Any) -> None:
    cara = client_of(house.cara)
    with pytest.raises(Refused, match="404") as missing:
        cara.thread("0000000000000")
    assert missing.value.problem["title"] == "Not found"
    with pytest.raises(Refused) as wrong:
        cara.send(house.thread_id, " ")
    assert "body" in wrong.value.errors
    pauses: list[float] = []

    def slept(seconds: float) -> None:
        pauses.append(seconds)
        raise KeyboardInterrupt

    hasty = client_of(house.cara, sleep=slept)
    for _ in range(60):  # a minute
        hasty.open_thread(with_id=house.paul.id)
    with pytest.raises(KeyboardInterrupt):
        hasty.open_thread(with_id=house.paul.id)
    with pytest.raises(TooFast) as refused:
        client_of(house.cara, patience=0).open_thread(with_id=house.paul.id)
    assert 1 <= refused.value.retry_after <= pauses[0] <= 62


@live
def test_an_ended_token_is_replaced(house: House, client_of: Any) -> None:
    stranger = Client(house.url, "nonsense")
    with pytest.raises(NotSignedIn):
        stranger.me()
    assert stranger.sign_in(house.cara.email, PASSWORD) == stranger.token
    kept = stranger.token
    stranger.sign_out()
    renewed = Client(house.url, kept, new_token=lambda: Client(house.url).sign_in(house.cara.email, PASSWORD))
    assert renewed.me()["user"]["id"] == house.cara.id
    assert renewed.token != kept


@live
def test_the_bot_answers_each_message_once_however_often_it_is_killed(
    house: House, client_of: Any, tmp_path: Path
) -> None:
    """Without its cursor, as after a crash between the answer and keeping it, it sends nothing twice."""
    cara, paul = client_of(house.cara), client_of(house.paul)
    start = paul.me()["cursor"]
    kept = tmp_path / "cursor.txt"
    env = {
        "WELLCHAT_URL": house.url,
        "WELLCHAT_BOT_TOKEN": paul.token,
        "PYTHONPATH": str(ROOT / "clients/python"),
    }

    def answers() -> list[Any]:
        found = cara.messages(house.thread_id)["messages"]
        return [each["reply_to"] for each in found if each["body"] == WORDS]

    asked = []
    for number in range(2):
        kept.write_text(start)
        asked.append(cara.send(house.thread_id, f"question {number}")["seq"])
        with subprocess.Popen(
            [sys.executable, ROOT / "examples/bot.py", kept], env={**os.environ, **env}
        ) as bot:
            wait_for(lambda: kept.read_text() != start, seconds=30, what="the cursor")
            bot.kill()
    assert answers() == asked


def test_short_polls_keep_the_pace_and_failures_wait_longer() -> None:
    problem: dict[str, Any] = {"detail": "Too many requests"}
    answers: list[Any] = [None, None, TooFast(429, problem, {"retry-after": "7"}), NoAnswer("gone"), None]
    waits: list[float] = []
    pauses: list[Any] = []

    class Scripted(Client):
        def poll(self, cursor: str, *, wait: float = 0, active: bool = False) -> None:
            waits.append(wait)
            answer = answers.pop(0)
            if not answers:
                follower.stop()
            if answer is not None:
                raise answer

    class Pauses(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            pauses.append(timeout)
            return super().wait(0)

    follower = Follower(Scripted("https://chat.example"), apply=print, wait=0)
    follower._stopped = Pauses()
    follower.run("cursor")
    assert pauses[:2] == [3.0, 3.0]
    assert 7 <= pauses[2] <= 7.1
    assert 1 <= pauses[3] <= 2
    assert waits == [0] * 5


def test_a_token_goes_nowhere_else() -> None:
    for address in ("https://elsewhere.example/x", "//elsewhere.example/x"):
        with pytest.raises(ValueError, match="not a path"):
            Client("https://chat.example", "secret").request("GET", address)


NAMES = ["Attachment", "Me", "Message", "MessagePage", "Notification", "Other", "Person", "Quote", "Reaction"]
NAMES += ["SubjectLabel", "SubjectRef", "Thread", "Typist", "Unread", "Update"]


@pytest.mark.parametrize("name", NAMES)
def test_types_are_as_the_document_says(client: Any, name: str) -> None:
    told = client.get("/api/openapi.json").json["components"]["schemas"][name]
    mine = getattr(shapes, name)
    fields = set(told["properties"]) - {"exports"}  # of a feature that can be off
    assert set(get_type_hints(mine)) == fields
    assert mine.__required_keys__ == set(told["required"])
    for field, hint in get_type_hints(mine).items():
        nullable = {"type": "null"} in told["properties"][field].get("anyOf", [])
        assert (type(None) in get_args(hint)) == nullable, field
