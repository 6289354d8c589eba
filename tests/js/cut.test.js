import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { cut, firstOf } from "../../wellchat/static/js/lib/cut.js";
import { initials } from "../../wellchat/static/js/lib/dom.js";

const cases = JSON.parse(readFileSync(new URL("graphemes.json", import.meta.url), "utf8"));

for (const { what, pieces: [one, two] } of cases) {
  test(`${what} is not cut inside`, () => {
    assert.equal(firstOf(one + two), one);
    for (let most = one.length; most < one.length + two.length; most += 1) assert.equal(cut(one + two, most), one);
    assert.equal(cut(one + two, one.length + two.length), one + two);
  });
}

test("initials are whole characters", () => {
  assert.equal(initials("क्षेत्र राम"), "क्षेरा");
  assert.equal(initials("👨‍👩‍👧"), "👨‍👩‍👧");
});
