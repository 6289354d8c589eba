import assert from "node:assert/strict";
import { test } from "node:test";

import { Store } from "../../wellchat/static/js/models/store.js";
import { ME, YOU, message, thread } from "./fakes.js";

const seqs = (store) => store.timeline("t").map(({ seq }) => seq);

test("messages are in the order of their numbers, in whatever order they came", () => {
  const store = new Store({ viewerId: ME });
  store.apply({ messages: [message(3), message(1)] });
  store.apply({ messages: [message(2)] });
  assert.deepEqual(seqs(store), [1, 2, 3]);
});

test("the same update twice is the same state", () => {
  const store = new Store({ viewerId: ME });
  const update = { threads: [thread({ unread: 2 })], messages: [message(1), message(2)], unread: { messages: 2, notifications: 1 } };
  store.apply(update);
  const once = JSON.stringify([store.timeline("t"), [...store.threads], store.unread]);
  store.apply(update);
  assert.equal(JSON.stringify([store.timeline("t"), [...store.threads], store.unread]), once);
});

test("a late older state brings back neither a deleted message nor an earlier text", () => {
  const store = new Store({ viewerId: ME });
  store.apply({ messages: [message(1, { deleted: true, body: null, revision: 1 }), message(2, { body: "second", revision: 2 })] });
  store.apply({ messages: [message(1), message(2, { body: "first", revision: 1 }), message(2)] });
  assert.equal(store.timeline("t")[0].deleted, true);
  assert.equal(store.timeline("t")[1].body, "second");
});

test("reactions and pins in any order end with the latest revision", () => {
  const states = [
    message(1),
    message(1, { revision: 1, reactions: [{ emoji: "👍", user_ids: [YOU] }] }),
    message(1, { revision: 2, reactions: [{ emoji: "👍", user_ids: [YOU, ME] }] }),
    message(1, { revision: 3, reactions: [{ emoji: "👍", user_ids: [ME] }], pinned_at: "2026-01-01T00:00:00Z" }),
    message(1, { revision: 4, reactions: [], pinned_at: null }),
    message(1, { revision: 5, body: "edited", edited_at: "2026-01-01T00:00:01Z", reactions: [] }),
  ];
  for (let round = 0; round < 200; round++) {
    const store = new Store({ viewerId: ME });
    const mixed = [...states, ...states].map((state) => [Math.random(), state]).sort(([a], [b]) => a - b);
    for (const [, state] of mixed) store.apply({ messages: [state] });
    assert.deepEqual(store.timeline("t"), [states.at(-1)]);
  }
});

test("a changed quote is a newer state of the reply", () => {
  const store = new Store({ viewerId: ME });
  const quoting = (revision, quote) => message(2, { revision, reply_to: 1, quote: { seq: 1, sender_id: ME, ...quote } });
  store.apply({ messages: [quoting(1, { body: null, deleted: true })] });
  store.apply({ messages: [quoting(0, { body: "was here", deleted: false })] });
  assert.equal(store.timeline("t")[0].quote.deleted, true);
});

test("the last message of a thread does not go back either", () => {
  const store = new Store({ viewerId: ME });
  const last = (revision, body) => ({ threads: [thread({ last_message: message(1, { revision, body }) })] });
  store.apply(last(1, "edited"));
  store.apply(last(0, "first"));
  assert.equal(store.threads.get("t").last_message.body, "edited");
});

test("watermarks only rise, and a late state does not take back a newer one", () => {
  const store = new Store({ viewerId: ME });
  store.apply({ threads: [thread({ last_seq: 9, last_read_seq: 7, other_read_seq: 8, other_delivered_seq: 9, unread: 1 })] });
  store.apply({ threads: [thread({ last_seq: 5, last_read_seq: 3, other_read_seq: 4, other_delivered_seq: 5, unread: 4 })] });
  const { last_seq, last_read_seq, other_read_seq, other_delivered_seq, unread } = store.threads.get("t");
  assert.deepEqual([last_seq, last_read_seq, other_read_seq, other_delivered_seq, unread], [9, 7, 8, 9, 1]);
});

test("my message that arrives replaces the one that is being sent, once", () => {
  const store = new Store({ viewerId: ME });
  const confirmed = [];
  store.on((changes) => confirmed.push(...changes.confirmed));
  store.addPending({ client_key: "k", thread_id: "t", body: "hello", at: 1, state: "sending" });
  const arrived = message(1, { sender_id: ME, client_key: "k", body: "hello" });
  store.apply({ messages: [arrived] });
  store.apply({ messages: [arrived] });
  assert.equal(confirmed.length, 1);
  assert.equal(store.pending.size, 0);
  assert.deepEqual(seqs(store), [1]);
});

test("another person's client key confirms none of my messages", () => {
  const store = new Store({ viewerId: ME });
  store.addPending({ client_key: "k", thread_id: "t", body: "hello", at: 1, state: "sending" });
  store.apply({ messages: [message(1, { client_key: "k" })] });
  assert.equal(store.pending.size, 1);
});

test("every listener is called, and a listener that throws makes apply throw", () => {
  const store = new Store({ viewerId: ME });
  let heard = 0;
  store.on(() => {
    throw new Error("broken row");
  });
  store.on(() => heard++);
  assert.throws(() => store.apply({ messages: [message(1)] }), /broken row/);
  assert.equal(heard, 1);
});

test("typing lasts six seconds, ends with the message, and is never my own", () => {
  let now = 0;
  const store = new Store({ viewerId: ME, now: () => now });
  store.apply({ typing: [{ thread_id: "t", user_id: ME }] });
  assert.equal(store.isTyping("t"), false);
  store.apply({ typing: [{ thread_id: "t", user_id: YOU }] });
  assert.equal(store.isTyping("t"), true);
  now = 6001;
  assert.equal(store.isTyping("t"), false);
  store.apply({ typing: [{ thread_id: "t", user_id: YOU }] });
  store.apply({ messages: [message(1)] });
  assert.equal(store.isTyping("t"), false);
});

test("a fresh state replaces the old one and keeps messages that wait to be sent", () => {
  const store = new Store({ viewerId: ME });
  store.apply({ threads: [thread({ id: "gone" })], messages: [message(1)] });
  store.addPending({ client_key: "k", thread_id: "t", body: "hello", at: 1, state: "waiting" });
  store.reset({ threads: [thread()], messages: [message(2)], unread: { messages: 1, notifications: 0 } });
  assert.deepEqual([...store.threads.keys()], ["t"]);
  assert.deepEqual(seqs(store), [2, undefined]);
});

test("keys that features declare are kept by id, and listeners hear of them", () => {
  const store = new Store({ viewerId: ME });
  const heard = [];
  store.on(({ other }) => heard.push(other));
  store.apply({ cursor: "c", has_more: false, goals: [{ id: "a", done: false }, { id: "b", done: false }] });
  store.apply({ goals: [{ id: "a", done: true }] });
  store.apply({ messages: [message(1)] });
  assert.deepEqual([...store.other.get("goals").values()], [{ id: "a", done: true }, { id: "b", done: false }]);
  assert.deepEqual(heard, [{ goals: [{ id: "a", done: false }, { id: "b", done: false }] }, { goals: [{ id: "a", done: true }] }, {}]);
  assert.deepEqual([...store.other.keys()], ["goals"]);
  store.reset({});
  assert.equal(store.other.size, 0);
});
