/* What this browser keeps of a person, when their session is over. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { SessionEnd } from "../../wellchat/static/js/models/session_end.js";
import { FakeStorage } from "./fakes.js";

const JSON_TYPE = { "Content-Type": "application/problem+json" };
const signedOut = () => new Response("{}", { status: 401, headers: JSON_TYPE });
const signedIn = (id) => () => new Response(JSON.stringify({ user: { id } }), { headers: { "Content-Type": "application/json" } });

function setUp({ viewerId = "ann", answer = signedOut, words = true } = {}) {
  const storage = new FakeStorage();
  if (words) {
    for (const who of ["ann", "ben"]) {
      storage.setItem(`wellchat.draft.${who}.t`, "half a sentence");
      storage.setItem(`wellchat.outbox.${who}.k`, "{}");
      storage.setItem(`wellchat.recent.${who}`, "[]");
    }
  }
  storage.setItem("wellchat.panel", "open");
  const names = new Set(["wellchat.pages.ann", "wellchat.queue", "wellchat.files.1"]);
  const caches = { keys: async () => [...names], delete: async (name) => names.delete(name) };
  const end = new SessionEnd({ fetch: async () => answer(), viewerId, storage, session: new FakeStorage(), caches });
  const left = () => Array.from({ length: storage.length }, (_, i) => storage.key(i)).sort();
  return { end, left, names };
}

test("the words of a person whose session is over go, and their pages", async () => {
  const { end, left, names } = setUp();
  await end.check();
  assert.deepEqual(left(), ["wellchat.draft.ben.t", "wellchat.outbox.ben.k", "wellchat.panel", "wellchat.recent.ben"]);
  assert.deepEqual([...names], ["wellchat.files.1"]);
  assert.equal(end.takeLoss(), true);
  assert.equal(end.takeLoss(), false, "it is said once");
});

test("a page without a person deletes everybody's", async () => {
  const { end, left } = setUp({ viewerId: "" });
  await end.check();
  assert.deepEqual(left(), ["wellchat.panel"]);
});

test("somebody else in this browser ends the session too", async () => {
  const { end, left } = setUp({ answer: signedIn("ben") });
  await end.check();
  assert.ok(!left().includes("wellchat.draft.ann.t"));
  assert.ok(left().includes("wellchat.draft.ben.t"));
});

test("nothing goes while the session goes on, offline, or through a portal", async () => {
  const portal = () => new Response("<h1>Terms</h1>", { status: 401, headers: { "Content-Type": "text/html" } });
  const broken = () => new Response("{}", { status: 503, headers: JSON_TYPE });
  const offline = () => Promise.reject(new TypeError("no network"));
  for (const answer of [signedIn("ann"), portal, broken, offline]) {
    const { end, left, names } = setUp({ answer });
    await end.check();
    assert.equal(left().length, 7);
    assert.equal(names.size, 3);
    assert.equal(end.takeLoss(), false);
  }
});

test("a page deletes the words of those who were signed in before", () => {
  const { end, left } = setUp({ viewerId: "ben" });
  end.forgetOthers();
  assert.deepEqual(left(), ["wellchat.draft.ben.t", "wellchat.outbox.ben.k", "wellchat.panel", "wellchat.recent.ben"]);
  assert.equal(end.takeLoss(), false);
});
