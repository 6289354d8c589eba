import assert from "node:assert/strict";
import { test } from "node:test";

import { liveSection } from "../../wellchat/static/js/features/live_section.js";
import { Store } from "../../wellchat/static/js/models/store.js";
import { ME, message } from "./fakes.js";

/** A section of goals, with a server whose page says how often it was asked; `typing`: somebody types into it. */
function page({ typing = false } = {}) {
  const requests = [];
  const section = {
    id: "goals",
    dataset: { changes: "goals", source: "/goals" },
    drawn: [],
    querySelector: () => (typing ? {} : null),
    replaceChildren: (...nodes) => section.drawn.push(...nodes),
  };
  globalThis.fetch = (address) => new Promise((resolve) => requests.push({ address, answer: () => resolve({ ok: true, text: async () => `page ${requests.length}` }) }));
  globalThis.DOMParser = class {
    parseFromString = (text) => ({ querySelectorAll: () => [], getElementById: () => ({ childNodes: [text] }) });
  };
  const store = new Store({ viewerId: ME });
  liveSection(section, { store });
  return { section, store, requests };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test("a section is drawn anew when its kind changes, and only then", async () => {
  const { section, store, requests } = page();
  store.apply({ messages: [message(1)] });
  assert.equal(requests.length, 0);
  store.apply({ goals: [{ id: "a" }] });
  requests[0].answer();
  await settled();
  assert.deepEqual([requests[0].address, section.drawn], ["/goals", ["page 1"]]);
});

test("what comes while it is drawn takes one request more, however much it is", async () => {
  const { section, store, requests } = page();
  for (const id of ["a", "b", "c"]) store.apply({ goals: [{ id }] });
  assert.equal(requests.length, 1);
  requests[0].answer();
  await settled();
  requests[1].answer();
  await settled();
  assert.equal(requests.length, 2);
  assert.equal(section.drawn.length, 2);
});

test("nothing is drawn over what somebody types", async () => {
  const { section, store, requests } = page({ typing: true });
  store.apply({ goals: [{ id: "a" }] });
  requests[0].answer();
  await settled();
  assert.deepEqual(section.drawn, []);
});
