/* What waits is kept in the browser: through a reload, for one person only, with other tabs and the service worker. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Drafts } from "../../wellchat/static/js/models/drafts.js";
import { FakeStorage, ME, settle } from "./fakes.js";
import { accept, setUp } from "./outboxes.js";

/** Locks as a browser gives them: one holder per name, the others in line. */
class FakeLocks {
  #lines = new Map();

  request(name, work) {
    const turn = (this.#lines.get(name) ?? Promise.resolve()).then(work);
    this.#lines.set(name, turn.catch(() => {}));
    return turn;
  }
}

test("an unsent message survives a reload and is sent with its key", async () => {
  const before = setUp();
  before.outbox.send({ threadId: "t", body: "one" });
  before.outbox.send({ threadId: "t", body: "two" });
  const { client_key: key } = before.api.last.body;

  const after = setUp({ storage: before.storage });
  after.outbox.resume();
  await settle();
  assert.deepEqual(after.states(), [["one", "sending"], ["two", "sending"]]);
  assert.equal(after.api.last.body.client_key, key);
  await accept(after.api.last, 1);
  await accept(after.api.last, 2);
  assert.equal(after.storage.length, 0);
});

test("another person on the same browser sends nothing of mine", async () => {
  const before = setUp();
  before.outbox.send({ threadId: "t", body: "private" });
  const other = setUp({ storage: before.storage, viewerId: "somebody" });
  other.outbox.resume();
  await settle();
  assert.equal(other.api.requests.length, 0);
});

test("full storage does not stop a message", async () => {
  const storage = new FakeStorage();
  storage.setItem = () => {
    throw new DOMException("", "QuotaExceededError");
  };
  const { api, outbox, states } = setUp({ storage });
  outbox.send({ threadId: "t", body: "hello" });
  await accept(api.last, 1);
  assert.deepEqual(states(), []);
});

test("signing out deletes everything, and an attempt that ends later stores nothing", async () => {
  const { api, storage, outbox } = setUp();
  const drafts = new Drafts({ storage, viewerId: ME });
  storage.setItem("wellchat.panel", "folded");
  drafts.write("t", "begun");
  outbox.send({ threadId: "t", body: "hello" });
  outbox.clear();
  drafts.clear();
  drafts.write("t", "begun again");
  await api.last.refuse({ status: 503 });
  assert.deepEqual(Array.from({ length: storage.length }, (_, i) => storage.key(i)), ["wellchat.panel"]);
});

test("two tabs with locks send the messages of both, in order and one at a time", async () => {
  const [storage, locks] = [new FakeStorage(), new FakeLocks()];
  const [one, two] = [setUp({ storage, locks }), setUp({ storage, locks })];
  one.outbox.send({ threadId: "t", body: "first" });
  await settle();
  await one.api.last.refuse({ status: 0 });
  two.clock.time += 10;
  two.outbox.send({ threadId: "t", body: "second" });
  await settle();
  one.clock.time += 20;
  one.outbox.send({ threadId: "t", body: "third" });
  one.outbox.sendNow();
  two.outbox.sendNow();
  const sent = [];
  for (let i = 0; i < 40 && storage.length; i++) {
    await settle();
    const open = [one, two].flatMap(({ api }) => api.requests).filter((request) => request.open);
    assert.ok(open.length <= 1, "one at a time");
    if (!open.length) continue;
    if (!sent.includes(open[0].body.body)) sent.push(open[0].body.body);
    await accept(open[0], sent.indexOf(open[0].body.body) + 1);
  }
  assert.deepEqual(sent, ["first", "second", "third"]);
});

test("messages of another tab are drawn, confirmed by updates, and removed when discarded", async () => {
  const { api, outbox, states } = setUp();
  const entry = { client_key: "k", thread_id: "t", body: "elsewhere", at: 5, state: "waiting", reason: 0 };
  const name = `wellchat.outbox.${ME}.k`;
  outbox.onStorage({ key: name, newValue: JSON.stringify(entry) });
  assert.deepEqual(states(), [["elsewhere", "waiting"]]);
  outbox.onStorage({ key: name, newValue: null });
  outbox.send({ threadId: "t", body: "mine" });
  assert.deepEqual(api.requests.map(({ body }) => body.body), ["mine"]);
  outbox.onStorage({ key: name, newValue: JSON.stringify({ discarded: true }) });
  assert.deepEqual(states().map(([body]) => body), ["mine"]);
});

test("the background queue holds waiting messages, not those sent at once or discarded", async () => {
  const held = new Map();
  const backgroundQueue = { put: (entry) => held.set(entry.client_key, entry.payload.body), remove: (key) => held.delete(key), mayHold() {}, clear: () => held.clear() };
  const { api, outbox } = setUp({ backgroundQueue });
  outbox.send({ threadId: "t", body: "one" });
  assert.equal(held.size, 0);
  await api.last.refuse({ status: 0 });
  const { client_key: two } = outbox.send({ threadId: "t", body: "two" });
  assert.deepEqual([...held.values()], ["one", "two"]);
  outbox.discard(two);
  assert.deepEqual([...held.values()], ["one"]);
  outbox.clear();
  assert.equal(held.size, 0);
});

test("late events of another tab do not bring back a message that has arrived", async () => {
  const { api, outbox, states } = setUp();
  const { client_key: key } = outbox.send({ threadId: "t", body: "hello" });
  await accept(api.last, 1);
  const late = { client_key: key, thread_id: "t", body: "hello", at: 5, state: "waiting", reason: 0 };
  outbox.onStorage({ key: `wellchat.outbox.${ME}.${key}`, newValue: JSON.stringify(late) });
  assert.deepEqual(states(), []);
});

test("a tab sends without locks if they are forbidden", async () => {
  const locks = { request: async () => Promise.reject(new DOMException("", "SecurityError")) };
  const { api, outbox, states } = setUp({ locks });
  outbox.send({ threadId: "t", body: "hello" });
  await settle();
  await accept(api.last, 1);
  assert.deepEqual(states(), []);
});

test("what the storage does not take is the page's alone, until another place has it", async () => {
  const storage = new FakeStorage();
  storage.setItem = () => {
    throw new DOMException("", "QuotaExceededError");
  };
  const held = new Map();
  const backgroundQueue = {
    put: async (entry, { alone }) => (held.set(entry.client_key, entry), alone),
    remove: (key) => held.delete(key),
    all: async () => [...held.values()],
    mayHold() {},
  };
  const told = [];
  globalThis.window = { addEventListener: () => told.push("asks"), removeEventListener: () => told.push("lets go") };
  const { api, outbox } = setUp({ storage, backgroundQueue });
  outbox.send({ threadId: "t", body: "one" });
  assert.equal(told.at(-1), "asks");
  await api.last.refuse({ status: 0 });
  await settle();
  assert.equal(told.at(-1), "lets go");

  const after = setUp({ storage: new FakeStorage(), backgroundQueue });
  after.outbox.resume();
  await settle();
  assert.deepEqual(after.states().map(([body]) => body), ["one"]);
  await accept(after.api.last, 1);
  assert.equal(held.size, 0);

  const drafts = new Drafts({ storage, viewerId: ME });
  drafts.write("t", "half");
  assert.equal(told.at(-1), "asks");
  drafts.write("t", "");
  assert.equal(told.at(-1), "lets go");
  delete globalThis.window;
});
