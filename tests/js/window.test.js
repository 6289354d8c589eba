import assert from "node:assert/strict";
import { test } from "node:test";

import { Stretch } from "../../wellchat/static/js/lib/window.js";

const stretch = (more = {}) => new Stretch({ first: 951, last: 1000, newest: 1000, most: 100, ...more });

test("a stretch that ends with the newest takes what comes next, and nothing after a gap", () => {
  const at = stretch();
  assert.equal(at.takes(1001, { atEnd: true }), true);
  assert.equal(at.takes(1002, { atEnd: true }), true);
  assert.equal(at.takes(1004, { atEnd: true }), false);
  assert.equal(at.takes(970, { atEnd: true }), true);
  assert.equal(at.takes(12, { atEnd: true }), false);
  assert.deepEqual([at.first, at.last, at.attached], [951, 1002, true]);
});

test("one in the middle draws no arrivals, and still takes changes of what it shows", () => {
  const at = stretch({ first: 400, last: 499 });
  assert.equal(at.attached, false);
  assert.equal(at.takes(1001, { atEnd: false }), false);
  assert.equal(at.takes(500, { atEnd: false }), false);
  assert.equal(at.takes(450, { atEnd: false }), true);
});

test("scrolled up from end to beginning and down again it is never longer than its most", () => {
  const at = stretch();
  const drawn = new Set(range(951, 1000));
  const drop = (far) => far && range(...far).forEach((seq) => drawn.delete(seq));
  while (at.older) {
    const from = Math.max(1, at.first - 50);
    range(from, at.first - 1).forEach((seq) => drawn.add(seq));
    drop(at.grewEarlier(from));
    assert.ok(drawn.size <= 100);
    assert.deepEqual([...drawn].sort((a, b) => a - b), range(at.first, at.last));
  }
  assert.equal(at.first, 1);
  while (!at.attached) {
    const to = Math.min(1000, at.last + 50);
    range(at.last + 1, to).forEach((seq) => drawn.add(seq));
    drop(at.grewLater(to, { newest: 1000 }));
    assert.ok(drawn.size <= 100);
    assert.deepEqual([...drawn].sort((a, b) => a - b), range(at.first, at.last));
  }
  assert.deepEqual([at.first, at.last], [901, 1000]);
});

test("a day of arrivals at the end lets the far rows go, some at a time", () => {
  const at = stretch();
  let most = 0;
  for (let seq = 1001; seq < 2000; seq++) {
    assert.equal(at.takes(seq, { atEnd: true }), true);
    at.grewLater(seq, { newest: seq, slack: 50 });
    most = Math.max(most, at.size);
  }
  assert.ok(most <= 150);
  assert.equal(at.attached, true);
});

test("a reader elsewhere in a full stretch keeps what they read: arrivals only count", () => {
  const at = stretch({ first: 901 });
  assert.equal(at.takes(1001, { atEnd: false }), false);
  assert.deepEqual([at.first, at.last, at.attached], [901, 1000, false]);
});

test("the first message of an empty thread", () => {
  const at = new Stretch({ newest: 0 });
  assert.equal(at.older, false);
  assert.equal(at.takes(1, { atEnd: true }), true);
  assert.deepEqual([at.first, at.last, at.size], [1, 1, 1]);
});

function range(from, to) {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
