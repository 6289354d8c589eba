import assert from "node:assert/strict";
import { test } from "node:test";

import { playTime } from "../../wellchat/static/js/lib/files.js";
import { peaksIn } from "../../wellchat/static/js/lib/peaks.js";

test("peaks are 48 digits, and the loudest part is v", () => {
  const samples = Float32Array.from({ length: 48_000 }, (_, at) => (at < 24_000 ? 0.25 : -0.5));
  assert.equal(peaksIn(samples), "g".repeat(24) + "v".repeat(24));
  assert.equal(peaksIn(new Float32Array(0)), "0".repeat(48));
});

test("a duration is written as people read it", () => {
  assert.deepEqual([20, 7_200, 750_000, 3_723_000].map((ms) => playTime(ms)), ["0:01", "0:07", "12:30", "1:02:03"]);
  assert.equal(playTime(20, 0), "0:00");
});
