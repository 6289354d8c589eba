import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../wellchat/static/js/models/api.js";
import { Finder, near, stretches, trouble } from "../../wellchat/static/js/models/finder.js";
import { Recents } from "../../wellchat/static/js/models/recents.js";
import { FakeStorage, settle } from "./fakes.js";

function setUp() {
  const timers = [];
  const asked = [];
  const shown = [];
  const finder = new Finder({
    ask: (words, signal) => new Promise((answer, refuse) => asked.push({ words, signal, answer, refuse })),
    show: (what) => shown.push(what),
    setTimer: (act, ms) => timers.push({ act, ms }) - 1,
    clearTimer: (timer) => (timers[timer] = null),
  });
  const pass = (ms) => timers.forEach((timer, at) => {
    if (timer?.ms !== ms) return;
    timers[at] = null;
    timer.act();
  });
  return { finder, asked, shown, pass };
}

const PAUSE = 180;
const PATIENCE = 300;

test("asks once, a moment after the last key", () => {
  const { finder, asked, pass } = setUp();
  for (const text of ["h", "ha", "har "]) finder.type(text);
  assert.equal(asked.length, 0);
  pass(PAUSE);
  assert.deepEqual(asked.map(({ words }) => words), ["har"]);
  finder.type("har");
  pass(PAUSE);
  assert.equal(asked.length, 1);
});

test("an answer that comes late, or to an earlier question, counts for nothing", async () => {
  const { finder, asked, shown, pass } = setUp();
  finder.type("har");
  pass(PAUSE);
  finder.type("harbour");
  pass(PAUSE);
  assert.equal(asked[0].signal.aborted, true);
  asked[1].answer("new");
  asked[0].answer("old");
  await settle();
  assert.deepEqual(shown, [{ state: "found", words: "harbour", answer: "new" }]);
  finder.type("");
  assert.equal(shown.at(-1).state, "idle");
});

test("says that it searches only when that takes a while", async () => {
  const { finder, asked, shown, pass } = setUp();
  finder.type("har");
  pass(PAUSE);
  pass(PATIENCE);
  assert.equal(shown.at(-1).state, "waiting");
  asked[0].answer("found");
  await settle();
  finder.type("harb");
  pass(PAUSE);
  asked[1].answer("found");
  await settle();
  pass(PATIENCE);
  assert.deepEqual(shown.map(({ state }) => state), ["waiting", "found", "found"]);
});

test("a failure is shown, and the same can be asked again", async () => {
  const { finder, asked, shown, pass } = setUp();
  finder.type("har");
  pass(PAUSE);
  asked[0].refuse(new ApiError(0));
  await settle();
  assert.equal(shown.at(-1).state, "failed");
  finder.again();
  assert.equal(asked.length, 2);
});

test("closed, it answers nobody", async () => {
  const { finder, asked, shown, pass } = setUp();
  finder.type("har");
  pass(PAUSE);
  finder.stop();
  asked[0].refuse(new DOMException("", "AbortError"));
  await settle();
  pass(PATIENCE);
  assert.deepEqual(shown, []);
});

test("trouble in words that help", () => {
  assert.match(trouble(new ApiError(0)), /offline/);
  assert.match(trouble(new ApiError(429, {}, 7)), /7 s/);
  assert.equal(trouble(new ApiError(422, { detail: "At most 200 characters." })), "At most 200 characters.");
  assert.match(trouble(new ApiError(500)), /not answering/);
});

test("marks count characters, also beside those that take two places", () => {
  assert.deepEqual(stretches("👋🏽 Café!", [[3, 7]]), [["👋🏽 ", false], ["Café", true], ["!", false]]);
  assert.deepEqual(stretches("whole", [[0, 5]]), [["whole", true]]);
  assert.deepEqual(stretches("none", []), [["none", false]]);
});

test("on a short line the match comes into sight", () => {
  assert.deepEqual(near([["Shall we say that we meet at the ", false], ["harbour", true]]), [["…we meet at the ", false], ["harbour", true]]);
  for (const short of [[["at the ", false], ["harbour", true]], [["harbour", true], [" at nine, or when you are free", false]], [["only words, and many of them", false]], []]) {
    assert.deepEqual(near(short), short);
  }
});

test("recent searches: the latest first, few, of this person only, and forgettable", () => {
  const storage = new FakeStorage();
  const mine = new Recents({ storage, viewerId: "me" });
  for (const words of ["har", "harbour", "  ", "nine", "HARBOUR"]) mine.add(words);
  assert.deepEqual(mine.list(), ["HARBOUR", "nine"]);
  for (let i = 0; i < 20; i++) mine.add(`${i} times`);
  assert.equal(mine.list().length, 8);
  assert.deepEqual(new Recents({ storage, viewerId: "you" }).list(), []);
  mine.forget();
  assert.deepEqual(mine.list(), []);
  storage.setItem("wellchat.recent.me", "{broken");
  assert.deepEqual(mine.list(), []);
});
