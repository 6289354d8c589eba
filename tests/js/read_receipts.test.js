import assert from "node:assert/strict";
import { test } from "node:test";

import { ReadReceipts } from "../../wellchat/static/js/models/read_receipts.js";
import { FakeApi, settle } from "./fakes.js";

function setUp({ looking = () => true } = {}) {
  const api = new FakeApi();
  return { api, receipts: new ReadReceipts({ api, threadId: "t", lastRead: 3, looking, onRead: () => {} }) };
}

test("says how far was shown, not how far there is", async () => {
  const { api, receipts } = setUp();
  receipts.shown(5);
  assert.equal(api.last.path, "/threads/t/read");
  assert.deepEqual(api.last.body, { seq: 5 });
});

test("never back, and never twice", async () => {
  const { api, receipts } = setUp();
  receipts.shown(3);
  receipts.shown(5);
  await api.last.answer({ data: {} });
  receipts.shown(4);
  receipts.shown(5);
  assert.equal(api.requests.length, 1);
});

test("what is shown while it is being said is said next", async () => {
  const { api, receipts } = setUp();
  receipts.shown(5);
  receipts.shown(6);
  receipts.shown(8);
  assert.equal(api.requests.length, 1);
  await api.last.answer({ data: {} });
  assert.deepEqual(api.requests.map(({ body }) => body.seq), [5, 8]);
});

test("an arrival nobody looks at stays unread until somebody does", async () => {
  let looked = false;
  const { api, receipts } = setUp({ looking: () => looked });
  receipts.shown(5);
  assert.equal(api.requests.length, 0);
  looked = true;
  receipts.send();
  assert.deepEqual(api.last.body, { seq: 5 });
});

test("what could not be said is said again", async () => {
  const { api, receipts } = setUp();
  receipts.shown(5);
  await api.last.refuse({ status: 0 });
  await settle();
  receipts.send();
  assert.deepEqual(api.last.body, { seq: 5 });
});
