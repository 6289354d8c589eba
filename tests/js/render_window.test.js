import assert from "node:assert/strict";
import { test } from "node:test";

import { RenderWindow } from "../../wellchat/static/js/lib/render_window.js";

const rendered = (more = {}) => new RenderWindow({ first: 951, last: 1000, newest: 1000, max: 100, ...more });

test("a window at the end takes the next message, and none after a gap", () => {
  const at = rendered();
  assert.equal(at.accepts(1001, { atEnd: true }), true);
  assert.equal(at.accepts(1002, { atEnd: true }), true);
  assert.equal(at.accepts(1004, { atEnd: true }), false);
  assert.equal(at.accepts(970, { atEnd: true }), true);
  assert.equal(at.accepts(12, { atEnd: true }), false);
  assert.deepEqual([at.first, at.last, at.atNewest], [951, 1002, true]);
});

test("a window in the middle draws no new messages, and still takes changes of its own", () => {
  const at = rendered({ first: 400, last: 499 });
  assert.equal(at.atNewest, false);
  assert.equal(at.accepts(1001, { atEnd: false }), false);
  assert.equal(at.accepts(500, { atEnd: false }), false);
  assert.equal(at.accepts(450, { atEnd: false }), true);
});

test("scrolling up and down again never makes it longer than its maximum", () => {
  const at = rendered();
  const drawn = new Set(range(951, 1000));
  const drop = (far) => far && range(...far).forEach((seq) => drawn.delete(seq));
  while (at.older) {
    const from = Math.max(1, at.first - 50);
    range(from, at.first - 1).forEach((seq) => drawn.add(seq));
    drop(at.extendStart(from));
    assert.ok(drawn.size <= 100);
    assert.deepEqual([...drawn].sort((a, b) => a - b), range(at.first, at.last));
  }
  assert.equal(at.first, 1);
  while (!at.atNewest) {
    const to = Math.min(1000, at.last + 50);
    range(at.last + 1, to).forEach((seq) => drawn.add(seq));
    drop(at.extendEnd(to, { newest: 1000 }));
    assert.ok(drawn.size <= 100);
    assert.deepEqual([...drawn].sort((a, b) => a - b), range(at.first, at.last));
  }
  assert.deepEqual([at.first, at.last], [901, 1000]);
});

test("many new messages at the end remove far rows, some at a time", () => {
  const at = rendered();
  let max = 0;
  for (let seq = 1001; seq < 2000; seq++) {
    assert.equal(at.accepts(seq, { atEnd: true }), true);
    at.extendEnd(seq, { newest: seq, slack: 50 });
    max = Math.max(max, at.size);
  }
  assert.ok(max <= 150);
  assert.equal(at.atNewest, true);
});

test("a reader elsewhere in a full window keeps their rows: new messages are only counted", () => {
  const at = rendered({ first: 901 });
  assert.equal(at.accepts(1001, { atEnd: false }), false);
  assert.deepEqual([at.first, at.last, at.atNewest], [901, 1000, false]);
});

test("takes the first message of an empty thread", () => {
  const at = new RenderWindow({ newest: 0 });
  assert.equal(at.older, false);
  assert.equal(at.accepts(1, { atEnd: true }), true);
  assert.deepEqual([at.first, at.last, at.size], [1, 1, 1]);
});

function range(from, to) {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
