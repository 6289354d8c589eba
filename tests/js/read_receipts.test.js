import assert from "node:assert/strict";
import { test } from "node:test";

import { ReadReceipts } from "../../wellchat/static/js/models/read_receipts.js";
import { FakeApi, settle } from "./fakes.js";

function setUp({ looking = () => true } = {}) {
  const api = new FakeApi();
  return { api, receipts: new ReadReceipts({ api, threadId: "t", lastRead: 3, looking, onRead: () => {} }) };
}

test("sends how far was shown, not the last message", async () => {
  const { api, receipts } = setUp();
  receipts.shown(5);
  assert.equal(api.last.path, "/threads/t/read");
  assert.deepEqual(api.last.body, { seq: 5 });
});

test("never sends a lower number, or the same one twice", async () => {
  const { api, receipts } = setUp();
  receipts.shown(3);
  receipts.shown(5);
  await api.last.answer({ data: {} });
  receipts.shown(4);
  receipts.shown(5);
  assert.equal(api.requests.length, 1);
});

test("messages shown during a request are sent next", async () => {
  const { api, receipts } = setUp();
  receipts.shown(5);
  receipts.shown(6);
  receipts.shown(8);
  assert.equal(api.requests.length, 1);
  await api.last.answer({ data: {} });
  assert.deepEqual(api.requests.map(({ body }) => body.seq), [5, 8]);
});

test("a message stays unread until the page is visible", async () => {
  let looked = false;
  const { api, receipts } = setUp({ looking: () => looked });
  receipts.shown(5);
  assert.equal(api.requests.length, 0);
  looked = true;
  receipts.send();
  assert.deepEqual(api.last.body, { seq: 5 });
});

test("a failed request is sent again", async () => {
  const { api, receipts } = setUp();
  receipts.shown(5);
  await api.last.refuse({ status: 0 });
  await settle();
  receipts.send();
  assert.deepEqual(api.last.body, { seq: 5 });
});
