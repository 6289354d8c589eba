import assert from "node:assert/strict";
import { test } from "node:test";

import { Reader } from "../../wellchat/static/js/models/reader.js";
import { FakeApi, settle } from "./fakes.js";

function setUp({ looking = () => true } = {}) {
  const api = new FakeApi();
  return { api, reader: new Reader({ api, threadId: "t", lastRead: 3, looking, read: () => {} }) };
}

test("says how far was shown, not how far there is", async () => {
  const { api, reader } = setUp();
  reader.saw(5);
  assert.equal(api.last.path, "/threads/t/read");
  assert.deepEqual(api.last.body, { seq: 5 });
});

test("never back, and never twice", async () => {
  const { api, reader } = setUp();
  reader.saw(3);
  reader.saw(5);
  await api.last.answer({ data: {} });
  reader.saw(4);
  reader.saw(5);
  assert.equal(api.requests.length, 1);
});

test("what is shown while it is being said is said next", async () => {
  const { api, reader } = setUp();
  reader.saw(5);
  reader.saw(6);
  reader.saw(8);
  assert.equal(api.requests.length, 1);
  await api.last.answer({ data: {} });
  assert.deepEqual(api.requests.map(({ body }) => body.seq), [5, 8]);
});

test("an arrival nobody looks at stays unread until somebody does", async () => {
  let looked = false;
  const { api, reader } = setUp({ looking: () => looked });
  reader.saw(5);
  assert.equal(api.requests.length, 0);
  looked = true;
  reader.check();
  assert.deepEqual(api.last.body, { seq: 5 });
});

test("what could not be said is said again", async () => {
  const { api, reader } = setUp();
  reader.saw(5);
  await api.last.refuse({ status: 0 });
  await settle();
  reader.check();
  assert.deepEqual(api.last.body, { seq: 5 });
});
