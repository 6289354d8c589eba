import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { addresses } from "../../wellchat/static/js/lib/links.js";

test("web and mail addresses become links, with the right target", () => {
  const led = (text) => addresses(text).map(({ href }) => href);
  assert.deepEqual(led("see www.example.com."), ["http://www.example.com"]);
  assert.deepEqual(led("WWW.Example.com/a?b=1 (https://example.com/x)"), ["http://WWW.Example.com/a?b=1", "https://example.com/x"]);
  assert.deepEqual(led("me@www.example.com"), ["mailto:me@www.example.com"]);
  assert.deepEqual(led("notes.md and example.com and www. and x.www.example.com"), []);
});

const cases = JSON.parse(readFileSync(new URL("links.json", import.meta.url), "utf8"));

for (const { what, text, href = null, shown = null } of cases) {
  test(`${what}: ${href ? "a link that shows where it leads" : "no link"}`, () => {
    const found = addresses(text)[0];
    assert.deepEqual([found?.href ?? null, found?.shown ?? null], [href, shown]);
  });
}
