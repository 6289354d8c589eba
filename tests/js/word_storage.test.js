/* Where words are kept if an installation lets browsers keep none. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { wordStorage } from "../../wellchat/static/js/lib/storage.js";
import { SessionEnd } from "../../wellchat/static/js/models/session_end.js";
import { FakeStorage } from "./fakes.js";

const names = (storage) => Array.from({ length: storage.length }, (_, at) => storage.key(at)).sort();

function browserWithWords() {
  const storage = new FakeStorage();
  for (const name of ["wellchat.draft.ann.t", "wellchat.outbox.ann.k", "wellchat.recent.ann"]) storage.setItem(name, "words");
  storage.setItem("wellchat.panel", "folded");
  return storage;
}

test("words stay in the browser where they may", () => {
  const storage = browserWithWords();
  assert.equal(wordStorage(storage, true), storage);
  assert.equal(names(storage).length, 4);
});

test("otherwise they are in the page alone, with those that were left, and no word is in the browser", () => {
  const storage = browserWithWords();
  const words = wordStorage(storage, false);
  assert.deepEqual(names(storage), ["wellchat.panel"]);
  assert.deepEqual(names(words), ["wellchat.draft.ann.t", "wellchat.outbox.ann.k", "wellchat.recent.ann"]);
  words.setItem("wellchat.draft.ann.t", "half a sentence");
  assert.equal(words.getItem("wellchat.draft.ann.t"), "half a sentence");
  assert.deepEqual(names(storage), ["wellchat.panel"]);
});

test("the end of the session takes them from the page too", async () => {
  const words = wordStorage(browserWithWords(), false);
  const over = async () => new Response("{}", { status: 401, headers: { "Content-Type": "application/problem+json" } });
  await new SessionEnd({ fetch: over, viewerId: "ann", storage: words, session: new FakeStorage(), caches: null }).check();
  assert.deepEqual(names(words), []);
});
