import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../wellchat/static/js/models/api.js";
import { SearchSession, trimBefore, segments, errorMessage } from "../../wellchat/static/js/models/search_session.js";
import { Recents } from "../../wellchat/static/js/models/recents.js";
import { FakeStorage, settle } from "./fakes.js";

function setUp() {
  const timers = [];
  const asked = [];
  const shown = [];
  const session = new SearchSession({
    ask: (query, signal) => new Promise((answer, refuse) => asked.push({ query, signal, answer, refuse })),
    show: (what) => shown.push(what),
    setTimer: (act, ms) => timers.push({ act, ms }) - 1,
    clearTimer: (timer) => (timers[timer] = null),
  });
  const pass = (ms) => timers.forEach((timer, at) => {
    if (timer?.ms !== ms) return;
    timers[at] = null;
    timer.act();
  });
  return { session, asked, shown, pass };
}

const DEBOUNCE = 180;
const INDICATOR_DELAY = 300;

test("searches once, a moment after the last key", () => {
  const { session, asked, pass } = setUp();
  for (const text of ["h", "ha", "har "]) session.type(text);
  assert.equal(asked.length, 0);
  pass(DEBOUNCE);
  assert.deepEqual(asked.map(({ query }) => query), ["har"]);
  session.type("har");
  pass(DEBOUNCE);
  assert.equal(asked.length, 1);
});

test("a late response, or one to an earlier query, is ignored", async () => {
  const { session, asked, shown, pass } = setUp();
  session.type("har");
  pass(DEBOUNCE);
  session.type("harbour");
  pass(DEBOUNCE);
  assert.equal(asked[0].signal.aborted, true);
  asked[1].answer("new");
  asked[0].answer("old");
  await settle();
  assert.deepEqual(shown, [{ state: "found", query: "harbour", answer: "new" }]);
  session.type("");
  assert.equal(shown.at(-1).state, "idle");
});

test("shows the indicator only when it takes a while", async () => {
  const { session, asked, shown, pass } = setUp();
  session.type("har");
  pass(DEBOUNCE);
  pass(INDICATOR_DELAY);
  assert.equal(shown.at(-1).state, "waiting");
  asked[0].answer("found");
  await settle();
  session.type("harb");
  pass(DEBOUNCE);
  asked[1].answer("found");
  await settle();
  pass(INDICATOR_DELAY);
  assert.deepEqual(shown.map(({ state }) => state), ["waiting", "found", "found"]);
});

test("a failure is shown, and the search can be repeated", async () => {
  const { session, asked, shown, pass } = setUp();
  session.type("har");
  pass(DEBOUNCE);
  asked[0].refuse(new ApiError(0));
  await settle();
  assert.equal(shown.at(-1).state, "failed");
  session.retry();
  assert.equal(asked.length, 2);
});

test("a closed session shows nothing", async () => {
  const { session, asked, shown, pass } = setUp();
  session.type("har");
  pass(DEBOUNCE);
  session.stop();
  asked[0].refuse(new DOMException("", "AbortError"));
  await settle();
  pass(INDICATOR_DELAY);
  assert.deepEqual(shown, []);
});

test("failures have helpful sentences", () => {
  assert.match(errorMessage(new ApiError(0)), /offline/);
  assert.match(errorMessage(new ApiError(429, {}, 7)), /7 s/);
  assert.equal(errorMessage(new ApiError(422, { detail: "At most 200 characters." })), "At most 200 characters.");
  assert.match(errorMessage(new ApiError(500)), /not answering/);
});

test("marks count characters, also beside characters of two code units", () => {
  assert.deepEqual(segments("👋🏽 Café!", [[3, 7]]), [["👋🏽 ", false], ["Café", true], ["!", false]]);
  assert.deepEqual(segments("whole", [[0, 5]]), [["whole", true]]);
  assert.deepEqual(segments("none", []), [["none", false]]);
});

test("a short line shows the match", () => {
  assert.deepEqual(trimBefore([["Shall we say that we meet at the ", false], ["harbour", true]]), [["…we meet at the ", false], ["harbour", true]]);
  for (const short of [[["at the ", false], ["harbour", true]], [["harbour", true], [" at nine, or when you are free", false]], [["only words, and many of them", false]], []]) {
    assert.deepEqual(trimBefore(short), short);
  }
});

test("recent searches: the latest first, few, of this person only, and can be deleted", () => {
  const storage = new FakeStorage();
  const mine = new Recents({ storage, viewerId: "me" });
  for (const query of ["har", "harbour", "  ", "nine", "HARBOUR"]) mine.add(query);
  assert.deepEqual(mine.list(), ["HARBOUR", "nine"]);
  for (let i = 0; i < 20; i++) mine.add(`${i} times`);
  assert.equal(mine.list().length, 8);
  assert.deepEqual(new Recents({ storage, viewerId: "you" }).list(), []);
  mine.forget();
  assert.deepEqual(mine.list(), []);
  storage.setItem("wellchat.recent.me", "{broken");
  assert.deepEqual(mine.list(), []);
});
