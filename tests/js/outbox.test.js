import assert from "node:assert/strict";
import { test } from "node:test";

import { Drafts } from "../../wellchat/static/js/models/drafts.js";
import { Outbox, randomKey } from "../../wellchat/static/js/models/outbox.js";
import { Store } from "../../wellchat/static/js/models/store.js";
import { FakeApi, FakeClock, FakeStorage, ME, message, settle } from "./fakes.js";

function setUp({ storage = new FakeStorage(), viewerId = ME, ...more } = {}) {
  const [api, clock, store] = [new FakeApi(), new FakeClock(), new Store({ viewerId })];
  let keys = 0;
  const outbox = new Outbox({ api, store, storage, viewerId, clock, random: () => 0.5, newKey: () => `${viewerId}-${storage.length}-${++keys}`, ...more });
  const states = () => [...store.pending.values()].map(({ body, state }) => [body, state]);
  return { api, clock, store, storage, outbox, states };
}

const mine = (seq, { body, client_key: key }) => message(seq, { sender_id: ME, body, client_key: key });
const accept = (request, seq) => request.answer({ status: 201, data: { message: mine(seq, request.body) } });

test("a message is drawn at once and settled by the answer", async () => {
  const { api, store, storage, outbox, states } = setUp();
  outbox.send({ threadId: "t", body: "hello" });
  assert.deepEqual(states(), [["hello", "sending"]]);
  await accept(api.last, 1);
  assert.deepEqual(states(), []);
  assert.equal(store.timeline("t").length, 1);
  assert.equal(storage.length, 0);
});

test("an answer carries what it answers, also after a reload", async () => {
  const before = setUp();
  const quote = { seq: 4, sender_id: ME, body: "which one?", deleted: false };
  before.outbox.send({ threadId: "t", body: "this one", reply_to: 4, quote });
  assert.equal(before.api.last.body.reply_to, 4);
  assert.deepEqual([...before.store.pending.values()][0].quote, quote);
  const after = setUp({ storage: before.storage });
  after.outbox.resume();
  await settle();
  assert.equal(after.api.last.body.reply_to, 4);
  assert.deepEqual([...after.store.pending.values()][0].quote, quote);
});

test("what answers nothing says nothing of it", () => {
  const { api, outbox } = setUp();
  outbox.send({ threadId: "t", body: "hello" });
  assert.equal("reply_to" in api.last.body, false);
});

test("the update before the answer: one message", async () => {
  const { api, store, storage, outbox } = setUp();
  outbox.send({ threadId: "t", body: "hello" });
  store.apply({ messages: [mine(1, api.last.body)] });
  assert.equal(storage.length, 0);
  await accept(api.last, 1);
  assert.deepEqual(store.timeline("t").map(({ seq }) => seq), [1]);
  assert.equal(api.requests.length, 1);
});

test("the answer is lost, the update comes: one message, no second attempt", async () => {
  const { api, clock, store, outbox } = setUp();
  outbox.send({ threadId: "t", body: "hello" });
  const { body } = api.last;
  await api.last.refuse({ status: 0 });
  store.apply({ messages: [mine(1, body)] });
  await clock.pass(60_000);
  assert.equal(api.requests.length, 1);
  assert.deepEqual(store.timeline("t").map(({ seq }) => seq), [1]);
});

test("the answer is lost and nothing comes: the same key again", async () => {
  const { api, clock, outbox, states } = setUp();
  outbox.send({ threadId: "t", body: "hello" });
  const { client_key: key } = api.last.body;
  await api.last.refuse({ status: 0 });
  assert.deepEqual(states(), [["hello", "waiting"]]);
  await clock.pass(1000);
  assert.equal(api.requests.length, 2);
  assert.equal(api.last.body.client_key, key);
  await accept(api.last, 1);
  assert.deepEqual(states(), []);
});

test("sends in order: what comes later waits for what came before", async () => {
  const { api, clock, outbox, store } = setUp();
  for (const body of ["one", "two", "three"]) outbox.send({ threadId: "t", body });
  await settle();
  assert.equal(api.requests.length, 1);
  await api.last.refuse({ status: 503, retryAfter: 4 });
  assert.equal(api.requests.length, 1);
  await clock.pass(4000);
  for (const seq of [1, 2, 3]) await accept(api.last, seq);
  assert.deepEqual(api.requests.map(({ body }) => body.body), ["one", "one", "two", "three"]);
  assert.deepEqual(store.timeline("t").map(({ body }) => body), ["one", "two", "three"]);
});

test("threads do not wait for one another", async () => {
  const { api, outbox } = setUp();
  outbox.send({ threadId: "t", body: "one" });
  outbox.send({ threadId: "u", body: "two" });
  await settle();
  assert.equal(api.requests.length, 2);
});

test("refused for good: says why, lets the next one through, and can be tried again or discarded", async () => {
  const { api, store, storage, outbox } = setUp();
  const { client_key: key } = outbox.send({ threadId: "t", body: "too long" });
  outbox.send({ threadId: "t", body: "fine" });
  await api.last.refuse({ status: 422, problem: { detail: "At most 8000 characters." } });
  assert.equal(store.pending.get(key).state, "failed");
  assert.equal(store.pending.get(key).reason, "At most 8000 characters.");
  await accept(api.last, 1);
  outbox.retry(key);
  assert.equal(api.last.body.client_key, key);
  await api.last.refuse({ status: 422 });
  outbox.discard(key);
  assert.equal(store.pending.size, 0);
  assert.equal(storage.length, 0);
});

test("back online, nobody waits for the pause to end", async () => {
  const { api, outbox } = setUp();
  outbox.send({ threadId: "t", body: "hello" });
  await api.last.refuse({ status: 0 });
  outbox.wake();
  await settle();
  assert.equal(api.requests.length, 2);
});

test("an unsent message survives a reload and goes out with its key", async () => {
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

test("a page that cannot draw the answer does not send again", async (t) => {
  t.mock.method(console, "error", () => {});
  const { api, store, storage, outbox } = setUp();
  outbox.send({ threadId: "t", body: "hello" });
  store.on(() => {
    throw new Error("broken row");
  });
  await accept(api.last, 1);
  assert.equal(api.requests.length, 1);
  assert.equal(storage.length, 0);
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

test("keys are 128 random bits", () => {
  const keys = new Set(Array.from({ length: 100 }, randomKey));
  assert.equal(keys.size, 100);
  assert.match([...keys][0], /^[0-9a-f]{32}$/);
});

test("who signs out leaves nothing behind, nor does an attempt that ends later", async () => {
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

test("files go along by their ids, with every attempt and after a reload", async () => {
  const { api, clock, storage, outbox } = setUp();
  outbox.send({ threadId: "t", body: "", attachments: [{ id: "f1", name: "a.jpg" }, { id: "f2", name: "b.pdf" }] });
  assert.deepEqual(api.last.body.attachments, ["f1", "f2"]);
  await api.last.refuse({ status: 0 });
  await clock.pass(1000);
  assert.deepEqual(api.last.body.attachments, ["f1", "f2"]);
  const later = setUp({ storage });
  later.outbox.resume();
  assert.deepEqual(later.api.last.body.attachments, ["f1", "f2"]);
  later.outbox.send({ threadId: "u", body: "only words" });
  assert.equal("attachments" in later.api.last.body, false);
});

/** Locks as a browser gives them: one holder per name, the others in line. */
class FakeLocks {
  #lines = new Map();

  request(name, work) {
    const turn = (this.#lines.get(name) ?? Promise.resolve()).then(work);
    this.#lines.set(name, turn.catch(() => {}));
    return turn;
  }
}

test("offline: what comes later is shown waiting too, and all of it goes out in order", async () => {
  const { api, outbox, states } = setUp();
  outbox.send({ threadId: "t", body: "one" });
  await api.last.refuse({ status: 0 });
  outbox.send({ threadId: "t", body: "two" });
  outbox.send({ threadId: "t", body: "three" });
  assert.deepEqual(states(), [["one", "waiting"], ["two", "waiting"], ["three", "waiting"]]);
  outbox.wake();
  await settle();
  for (const seq of [1, 2, 3]) await accept(api.last, seq);
  assert.deepEqual(api.requests.slice(1).map(({ body }) => body.body), ["one", "two", "three"]);
  assert.deepEqual(states(), []);
});

test("two tabs with locks send what was written in both, in order and one at a time", async () => {
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
  one.outbox.wake();
  two.outbox.wake();
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

test("what another tab wrote is drawn, what it sent is left to the update, what it discarded goes", async () => {
  const { api, outbox, states } = setUp();
  const entry = { client_key: "k", thread_id: "t", body: "elsewhere", at: 5, state: "waiting", reason: 0 };
  const name = `wellchat.outbox.${ME}.k`;
  outbox.hear({ key: name, newValue: JSON.stringify(entry) });
  assert.deepEqual(states(), [["elsewhere", "waiting"]]);
  outbox.hear({ key: name, newValue: null });
  outbox.send({ threadId: "t", body: "mine" });
  assert.deepEqual(api.requests.map(({ body }) => body.body), ["mine"]);
  outbox.hear({ key: name, newValue: JSON.stringify({ discarded: true }) });
  assert.deepEqual(states().map(([body]) => body), ["mine"]);
});

test("an answer that is no message is no success", async () => {
  const { api, outbox, states } = setUp();
  outbox.send({ threadId: "t", body: "hello" });
  await api.last.answer({ status: 200, data: { portal: "welcome" } });
  assert.deepEqual(states(), [["hello", "waiting"]]);
});

test("further things are kept with an entry and only those the server knows are sent", async () => {
  const { api, storage, outbox } = setUp();
  outbox.send({ threadId: "t", body: "hello", reply_to: 7, quote: "drawn only" });
  assert.deepEqual(Object.keys(api.last.body).sort(), ["body", "client_key", "reply_to"]);
  assert.equal(JSON.parse(storage.getItem(storage.key(0))).quote, "drawn only");
});

test("the mirror holds what waits, and nothing that went out at once or was discarded", async () => {
  const held = new Map();
  const mirror = { put: (entry) => held.set(entry.client_key, entry.said.body), remove: (key) => held.delete(key), know() {}, clear: () => held.clear() };
  const { api, outbox } = setUp({ mirror });
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

test("another tab's late word brings back nothing that has arrived", async () => {
  const { api, outbox, states } = setUp();
  const { client_key: key } = outbox.send({ threadId: "t", body: "hello" });
  await accept(api.last, 1);
  const late = { client_key: key, thread_id: "t", body: "hello", at: 5, state: "waiting", reason: 0 };
  outbox.hear({ key: `wellchat.outbox.${ME}.${key}`, newValue: JSON.stringify(late) });
  assert.deepEqual(states(), []);
});

test("where locks are forbidden a tab sends by itself", async () => {
  const locks = { request: async () => Promise.reject(new DOMException("", "SecurityError")) };
  const { api, outbox, states } = setUp({ locks });
  outbox.send({ threadId: "t", body: "hello" });
  await settle();
  await accept(api.last, 1);
  assert.deepEqual(states(), []);
});

test("a message of somebody else's for an answer ends the matter", async () => {
  const { api, outbox, states } = setUp();
  outbox.send({ threadId: "t", body: "hello" });
  await api.last.answer({ status: 201, data: { message: message(1) } });
  assert.deepEqual(states(), []);
  assert.equal(api.requests.length, 1);
});
