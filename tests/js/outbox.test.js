/* From the field to the server: when a message is drawn, tried again, settled and given up. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { randomKey } from "../../wellchat/static/js/models/outbox.js";
import { ME, message, settle } from "./fakes.js";
import { accept, mine, setUp } from "./outboxes.js";

test("a message is drawn at once and confirmed by the response", async () => {
  const { api, store, storage, outbox, states } = setUp();
  outbox.send({ threadId: "t", body: "hello" });
  assert.deepEqual(states(), [["hello", "sending"]]);
  await accept(api.last, 1);
  assert.deepEqual(states(), []);
  assert.equal(store.timeline("t").length, 1);
  assert.equal(storage.length, 0);
});

test("a reply keeps its reply_to, also after a reload", async () => {
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

test("a message that is no reply has no reply_to", () => {
  const { api, outbox } = setUp();
  outbox.send({ threadId: "t", body: "hello" });
  assert.equal("reply_to" in api.last.body, false);
});

test("the update comes before the response: one message", async () => {
  const { api, store, storage, outbox } = setUp();
  outbox.send({ threadId: "t", body: "hello" });
  store.apply({ messages: [mine(1, api.last.body)] });
  assert.equal(storage.length, 0);
  await accept(api.last, 1);
  assert.deepEqual(store.timeline("t").map(({ seq }) => seq), [1]);
  assert.equal(api.requests.length, 1);
});

test("the response is lost, the update comes: one message, no second attempt", async () => {
  const { api, clock, store, outbox } = setUp();
  outbox.send({ threadId: "t", body: "hello" });
  const { body } = api.last;
  await api.last.refuse({ status: 0 });
  store.apply({ messages: [mine(1, body)] });
  await clock.pass(60_000);
  assert.equal(api.requests.length, 1);
  assert.deepEqual(store.timeline("t").map(({ seq }) => seq), [1]);
});

test("the response and the update are lost: the same key is sent again", async () => {
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

test("sends in order: later messages wait for earlier ones", async () => {
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

test("refused permanently: shows why, sends the next one, and can be tried again or discarded", async () => {
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

test("back online, the pause ends at once", async () => {
  const { api, outbox } = setUp();
  outbox.send({ threadId: "t", body: "hello" });
  await api.last.refuse({ status: 0 });
  outbox.sendNow();
  await settle();
  assert.equal(api.requests.length, 2);
});

test("a page that cannot draw the response does not send again", async (t) => {
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

test("keys are 128 random bits", () => {
  const keys = new Set(Array.from({ length: 100 }, randomKey));
  assert.equal(keys.size, 100);
  assert.match([...keys][0], /^[0-9a-f]{32}$/);
});

test("files are sent by their ids, with every attempt and after a reload", async () => {
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

test("offline: later messages wait too, and all are sent in order", async () => {
  const { api, outbox, states } = setUp();
  outbox.send({ threadId: "t", body: "one" });
  await api.last.refuse({ status: 0 });
  outbox.send({ threadId: "t", body: "two" });
  outbox.send({ threadId: "t", body: "three" });
  assert.deepEqual(states(), [["one", "waiting"], ["two", "waiting"], ["three", "waiting"]]);
  outbox.sendNow();
  await settle();
  for (const seq of [1, 2, 3]) await accept(api.last, seq);
  assert.deepEqual(api.requests.slice(1).map(({ body }) => body.body), ["one", "two", "three"]);
  assert.deepEqual(states(), []);
});

test("a response without a message is no success", async () => {
  const { api, outbox, states } = setUp();
  outbox.send({ threadId: "t", body: "hello" });
  await api.last.answer({ status: 200, data: { portal: "welcome" } });
  assert.deepEqual(states(), [["hello", "waiting"]]);
});

test("further fields are kept with an entry, and only known ones are sent", async () => {
  const { api, storage, outbox } = setUp();
  outbox.send({ threadId: "t", body: "hello", reply_to: 7, quote: "drawn only" });
  assert.deepEqual(Object.keys(api.last.body).sort(), ["body", "client_key", "reply_to"]);
  assert.equal(JSON.parse(storage.getItem(storage.key(0))).quote, "drawn only");
});

test("a response with another person's message ends the attempts", async () => {
  const { api, outbox, states } = setUp();
  outbox.send({ threadId: "t", body: "hello" });
  await api.last.answer({ status: 201, data: { message: message(1) } });
  assert.deepEqual(states(), []);
  assert.equal(api.requests.length, 1);
});
