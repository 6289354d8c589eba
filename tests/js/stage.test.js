import assert from "node:assert/strict";
import { test } from "node:test";

import { Stage } from "../../wellchat/static/embed/stage.js";

/** A frame that shows `path`; the server answers each path with what `answers` has for it. Returns what it fetched. */
async function shown(path, answers) {
  const fetched = [];
  const windows = [];
  const fetch = async (url) => (fetched.push(url), answers[url]);
  globalThis.location = { origin: "https://chat.example" };
  globalThis.document = {
    hasFocus: () => false,
    body: { append: (frame) => windows.push(frame) },
    createElement: () => {
      const frame = { dataset: {}, classList: { contains: () => true }, remove: () => (frame.isGone = true) };
      frame.contentWindow = { frameElement: frame, fetch };
      return frame;
    },
  };
  const stage = new Stage({ door: { fetch: (own, ...all) => own(...all) }, kind: "inbox", title: "", fail: assert.fail });
  stage.go(path);
  const texts = [];
  for (const { contentWindow } of windows) texts.push(await stage.page(contentWindow));
  return { fetched, texts, path: stage.path, sources: windows.map(({ src }) => src), isGone: windows.map((frame) => frame.isGone ?? false) };
}

test("where a page leads on, the frame shows the next one under its own path", async () => {
  const led = { ok: true, redirected: true, url: "https://chat.example/embed/threads/t1?at=3" };
  const found = await shown("/", { "/embed/": led, "/embed/threads/t1?at=3": { ok: true, text: async () => "the thread" } });
  assert.deepEqual(found.fetched, ["/embed/", "/embed/threads/t1?at=3"]);
  assert.deepEqual(found.texts, [null, "the thread"]);
  assert.equal(found.path, "/threads/t1?at=3");
  assert.deepEqual(found.sources, ["/embed/view", "/embed/view?at=3"]);
  assert.deepEqual(found.isGone, [true, false]);
});
