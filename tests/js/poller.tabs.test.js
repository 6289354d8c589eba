import assert from "node:assert/strict";
import { test } from "node:test";

import { settle } from "./fakes.js";
import { setUp, update } from "./pollers.js";

test("a listening tab applies updates that follow its cursor, and polls for others itself", async () => {
  const { api, poller, log } = setUp();
  poller.stop();
  await settle();
  const asked = api.requests.length;
  await poller.applyShared("c0", { cursor: "c1" });
  assert.equal(poller.cursor, "c1");
  assert.equal(api.requests.length, asked);
  const heard = poller.applyShared("c4", { cursor: "c5" });
  assert.deepEqual(api.last.query, { since: "c1", wait: 0 });
  await api.last.answer(update("c5"));
  await api.last.answer({ status: 204 });
  await heard;
  assert.deepEqual(log.applied, ["c1", "c5"]);
  assert.equal(poller.cursor, "c5");
});

test("its own poll does not move back behind an update of another tab", async () => {
  const { api, poller, log } = setUp();
  poller.stop();
  await settle();
  const asked = poller.pollOnce();
  await poller.applyShared("c0", { cursor: "c2" });
  const own = api.last;
  await own.answer(update("c1"));
  assert.deepEqual(log.applied, ["c2"]);
  assert.equal(poller.cursor, "c2");
  assert.equal(api.last.query.since, "c2", "and it asks on from there");
  await api.last.answer({ status: 204 });
  assert.equal(await asked, true);
});
