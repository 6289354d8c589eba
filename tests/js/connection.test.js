import assert from "node:assert/strict";
import { test } from "node:test";

import { bannerWords } from "../../wellchat/static/js/controllers/connection.js";
import { openStorage } from "../../wellchat/static/js/lib/storage.js";
import { OfflineCache } from "../../wellchat/static/js/models/offline_cache.js";
import { BackgroundQueue } from "../../wellchat/static/js/models/background_queue.js";
import { Times } from "../../wellchat/static/js/lib/times.js";

const now = () => Date.parse("2026-11-21T15:00:00Z");
const times = new Times({ zone: "UTC", now });
const words = (more) => bannerWords({ state: "live", online: true, waiting: 0, kept: null, times, ...more });

test("the banner is empty while all is well", () => {
  assert.equal(words({}), "");
  assert.equal(words({ waiting: 2 }), "");
});

test("the banner counts waiting messages", () => {
  assert.equal(words({ state: "offline" }), "You seem to be offline. What you write will be sent when you are back.");
  assert.equal(words({ online: false, waiting: 1 }), "You seem to be offline. 1 message will be sent when you are back.");
  assert.equal(words({ online: false, waiting: 3 }), "You seem to be offline. 3 messages will be sent when you are back.");
  assert.equal(words({ state: "trouble", waiting: 3 }), "The server is not answering. Trying again…");
});

test("the banner says how old a kept page is", () => {
  const kept = "2026-11-21T14:05:00Z";
  assert.equal(words({ state: "asking", kept }), "The server has not answered yet. You see this page as of 14:05.");
  assert.equal(words({ state: "asking", online: false, kept }), "You are offline. You see this page as of 14:05.");
  assert.equal(
    words({ state: "offline", kept: "2026-11-19T14:05:00Z", waiting: 1 }),
    "You are offline. You see this page as of Thu 19 Nov 14:05. 1 message is waiting to be sent.",
  );
  assert.equal(words({ kept: null }), "");
});

test("memory replaces storage that is forbidden, full or missing", () => {
  const forbidden = { get localStorage() { throw new Error("SecurityError"); } };
  for (const browser of [forbidden, { localStorage: null }, {}]) {
    const storage = openStorage("localStorage", { browser });
    storage.setItem("a", 1);
    assert.deepEqual([storage.getItem("a"), storage.length, storage.key(0), storage.getItem("b")], ["1", 1, "a", null]);
    storage.removeItem("a");
    assert.equal(storage.length, 0);
  }
});

test("without a service worker nothing is kept and nothing fails", async () => {
  const cache = new OfflineCache({ worker: undefined, caches: undefined, viewerId: "me" });
  await cache.register("/");
  await cache.updateWorker();
  cache.addUpdate({ messages: [{}] });
  cache.clear();
  assert.deepEqual(await cache.read("t"), { threads: [], messages: [] });
});

/** A browser's CacheStorage, as far as the background queue uses it. */
function fakeCaches() {
  const held = new Map();
  const cache = { put: async (path, response) => held.set(path, await response.json()), delete: async (path) => held.delete(path) };
  return { held, open: async () => cache, delete: async () => held.clear() };
}

test("the background queue registers a sync, works in order, and can be cleared", async () => {
  const caches = fakeCaches();
  const asked = [];
  const worker = { getRegistration: async () => ({ sync: { register: async (tag) => asked.push(tag) } }) };
  const backgroundQueue = new BackgroundQueue({ caches, worker, viewerId: "me" });
  const entry = { client_key: "k", thread_id: "t", at: 1, payload: { body: "hello", client_key: "k" } };
  await backgroundQueue.put(entry);
  assert.deepEqual([...caches.held], [["/queue/me/k", { viewer: "me", thread_id: "t", at: 1, said: entry.payload }]]);
  assert.deepEqual(asked, ["wellchat.send"]);
  backgroundQueue.put({ ...entry, client_key: "l" });
  await backgroundQueue.remove("l"); // at once after it: it must not come back
  assert.deepEqual([...caches.held.keys()], ["/queue/me/k"]);
  backgroundQueue.clear();
  await backgroundQueue.put({ ...entry, client_key: "m" }); // an attempt that ended after signing out has no background queue any more: see Outbox
  assert.deepEqual([...caches.held.keys()], ["/queue/me/m"]);
});

test("a browser without Background Sync gets no queue", async () => {
  const caches = fakeCaches();
  const backgroundQueue = new BackgroundQueue({ caches, worker: { getRegistration: async () => ({}) }, viewerId: "me" });
  await backgroundQueue.put({ client_key: "k", thread_id: "t", at: 1, payload: {} });
  assert.equal(caches.held.size, 0);
});
