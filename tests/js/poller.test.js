import assert from "node:assert/strict";
import { test } from "node:test";

import { settle } from "./fakes.js";
import { setUp, update } from "./pollers.js";

test("polls from its cursor, applies the update, and only then moves the cursor", async () => {
  let finish;
  const { api, poller } = setUp({ apply: () => new Promise((resolve) => (finish = resolve)) });
  assert.deepEqual(api.last.query, { since: "c0", wait: 25 });
  await api.last.answer(update("c1"));
  assert.equal(poller.cursor, "c0");
  assert.equal(api.requests.length, 1);
  finish();
  await settle();
  assert.equal(poller.cursor, "c1");
  assert.equal(api.last.query.since, "c1");
});

test("after a long poll without news it polls again at once, from the same cursor", async () => {
  const { api, clock, poller } = setUp();
  await clock.pass(25_000);
  await api.last.answer({ status: 204 });
  assert.equal(api.requests.length, 2);
  assert.equal(api.last.query.since, "c0");
  assert.equal(poller.cursor, "c0");
});

test("if the server does not hold polls, it waits for the interval that the server names", async () => {
  const { api, clock } = setUp();
  await api.last.answer({ status: 204, headers: { "X-Poll-Interval": "7" } });
  assert.deepEqual(clock.pauses, [7000]);
  await clock.pass(6999);
  assert.equal(api.requests.length, 1);
  await clock.pass(1);
  assert.equal(api.requests.length, 2);
});

test("if an update cannot be applied, the state is loaded again, and the cursor never skips it", async () => {
  const { api, poller, log } = setUp({
    apply: () => {
      throw new Error("broken");
    },
  });
  await api.last.answer(update("c1"));
  assert.deepEqual(log.resyncs, ["failed"]);
  assert.equal(poller.cursor, "fresh");
  assert.equal(api.last.query.since, "fresh");
});

test("repeated failures to apply slow the polls down", async () => {
  const { api, clock } = setUp({
    apply: () => {
      throw new Error("broken");
    },
  });
  await api.last.answer(update("c1"));
  await api.last.answer(update("c2"));
  assert.equal(clock.pauses.length, 1);
  assert.equal(api.requests.filter(({ open }) => open).length, 0);
});

for (const reason of ["expired", "foreign", "restored", "ahead"]) {
  test(`410 ${reason}: loads its state, then goes on from the fresh cursor`, async () => {
    const { api, poller, log } = setUp();
    await api.last.refuse({ status: 410, problem: { reason, cursor: "c9" } });
    assert.deepEqual(log.resyncs, [reason]);
    assert.equal(poller.cursor, "c9");
    assert.equal(api.last.query.since, "c9");
  });
}

test("a page that came without a cursor loads its state first", async () => {
  const { api, poller, log } = setUp({ cursor: undefined });
  await settle();
  assert.deepEqual(log.resyncs, ["none"]);
  assert.equal(poller.cursor, "fresh");
  assert.equal(api.requests[0].query.since, "fresh");
});

test("a resync that fails is tried again, and nothing is polled before it succeeded", async () => {
  let broken = true;
  const { api, clock, poller } = setUp({
    resync: async (_reason, cursor) => {
      if (broken) throw Object.assign(new Error("down"), { status: 503 });
      return cursor;
    },
  });
  await api.last.refuse({ status: 410, problem: { reason: "expired", cursor: "c9" } });
  assert.equal(poller.cursor, "c0");
  assert.equal(api.requests.length, 1);
  broken = false;
  await clock.pass(30_000);
  assert.equal(poller.cursor, "c9");
  assert.equal(api.last.query.since, "c9");
});

test("backs off to half a minute at most, and recovers", async () => {
  const { api, clock, log } = setUp({ random: () => 1 });
  const pauses = [];
  for (let i = 0; i < 8; i++) {
    await api.last.refuse({ status: 0 });
    pauses.push(clock.pauses[0]);
    await clock.pass(clock.pauses[0]);
  }
  assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  assert.equal(log.states.at(-1), "offline");
  await api.last.answer(update("c1"));
  assert.equal(log.states.at(-1), "live");
});

test("after a failure it makes a short poll, so that the page knows at once that the server works again", async () => {
  const { api, clock, log } = setUp();
  assert.ok(api.last.query.wait > 0);
  for (let i = 0; i < 2; i++) {
    await api.last.refuse({ status: 0 });
    await clock.pass(clock.pauses[0]);
  }
  assert.deepEqual([api.last.query.wait, log.states.at(-1)], [0, "offline"]);
  await api.last.answer({ status: 204 });
  assert.equal(log.states.at(-1), "live");
  assert.ok(api.last.query.wait > 0, "and hangs again, without a pause");
});

test("Retry-After is obeyed", async () => {
  const { api, clock } = setUp();
  await api.last.refuse({ status: 429, retryAfter: 12 });
  assert.deepEqual(clock.pauses, [12_000]);
});

test("a hidden page makes a short poll once a minute, and polls at once when it is visible again", async () => {
  let seen = false;
  const { api, clock, poller } = setUp({ visible: () => seen });
  assert.equal(api.last.query.wait, 0);
  await api.last.answer({ status: 204, headers: { "X-Poll-Interval": "3" } });
  assert.deepEqual(clock.pauses, [60_000]);
  seen = true;
  poller.pollNow();
  await settle();
  assert.equal(api.requests.length, 2);
  assert.equal(api.last.query.wait, 25);
});

test("pollNow() ends a waiting poll: there are never two at a time", async () => {
  const { api, poller } = setUp();
  poller.pollNow();
  await settle();
  assert.equal(api.requests.length, 2);
  assert.equal(api.requests[0].signal.aborted, true);
  assert.equal(api.requests.filter(({ open }) => open).length, 1);
});

test("pages wait for different times", () => {
  const waits = new Set(Array.from({ length: 50 }, () => setUp({ random: Math.random }).api.last.query.wait));
  assert.ok(waits.size > 3);
  assert.ok([...waits].every((wait) => wait > 19 && wait <= 25));
});

test("polls again at once if there is more", async () => {
  const { api, log } = setUp();
  await api.last.answer(update("c1", { has_more: true }));
  await api.last.answer(update("c2"));
  assert.deepEqual(log.applied, ["c1", "c2"]);
  assert.equal(api.last.query.since, "c2");
});

test("signed out, it stops", async () => {
  const { api, poller, log } = setUp();
  await api.last.refuse({ status: 401 });
  assert.deepEqual(log.states, ["signed-out"]);
  assert.equal(poller.running, false);
  assert.equal(api.requests.length, 1);
});
