import assert from "node:assert/strict";
import { test } from "node:test";

import { Version, versionOf } from "../../wellchat/static/js/models/version.js";
import { FakeStorage } from "./fakes.js";

function setUp(storage = new FakeStorage()) {
  const ready = [];
  return { ready, version: new Version({ own: "aaa", storage, ready: (newer) => ready.push(newer) }) };
}

const hear = (version, ...heard) => heard.forEach((one) => version.observe(one));

test("the same version, or none, is ignored", () => {
  const { version, ready } = setUp();
  hear(version, "aaa", "aaa", null, undefined, "aaa");
  assert.deepEqual(ready, []);
  assert.equal(version.mayReload(true), false);
});

test("nothing is shown while hosts of both versions respond; once, when all have the new one", () => {
  const { version, ready } = setUp();
  hear(version, "bbb", "aaa", "bbb", "aaa");
  assert.deepEqual(ready, []);
  hear(version, "bbb", "bbb", "bbb", "bbb");
  assert.deepEqual(ready, ["bbb"]);
});

test("the next version is shown again", () => {
  const { version, ready } = setUp();
  hear(version, "bbb", "bbb", "ccc", "ccc");
  assert.deepEqual(ready, ["bbb", "ccc"]);
});

test("reloads by itself at a harmless moment, once for each version", () => {
  const storage = new FakeStorage();
  const { version } = setUp(storage);
  hear(version, "bbb", "bbb");
  assert.equal(version.mayReload(false), false);
  assert.equal(version.mayReload(true), true);
  const after = setUp(storage); // the reload brought the old version once more
  hear(after.version, "bbb", "bbb");
  assert.equal(after.version.mayReload(true), false);
});

test("a page without a version does nothing", () => {
  const ready = [];
  const version = new Version({ own: null, storage: new FakeStorage(), ready: (newer) => ready.push(newer) });
  hear(version, "bbb", "bbb");
  assert.deepEqual(ready, []);
  assert.equal(versionOf("https://x.example/assets/0a1b2c/js/app.js"), "0a1b2c");
  assert.equal(versionOf("https://x.example/static/js/app.js"), null);
});
