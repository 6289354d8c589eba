import assert from "node:assert/strict";
import { test } from "node:test";

import { pinning, reacting, Wishes } from "../../wellchat/static/js/models/wishes.js";
import { ME, YOU, message, settle } from "./fakes.js";

/** Work that the test ends. */
function work() {
  let end;
  const begun = { times: 0 };
  const ended = new Promise((resolve, reject) => (end = { answer: resolve, refuse: reject }));
  return { begun, ...end, run: () => ((begun.times += 1), ended) };
}

const thumb = (...user_ids) => ({ emoji: "👍", user_ids });
const add = reacting("👍", true, ME);
const takeAway = reacting("👍", false, ME);

test("a wish is seen at once, and gone where it was refused", async () => {
  const wishes = new Wishes();
  const truth = message(1, { reactions: [] });
  const [one, seen] = [work(), []];
  const made = wishes.make(1, add, one.run, () => seen.push(wishes.over(truth).reactions));
  assert.deepEqual(seen, [[thumb(ME)]]);
  assert.deepEqual(truth.reactions, []);
  one.refuse(new Error("No."));
  await assert.rejects(made, /No\./);
  assert.deepEqual(seen.at(-1), []);
  assert.equal(wishes.over(truth), truth);
  assert.equal(wishes.waits(1), false);
});

test("of two wishes the later one is asked for later, also where the first was refused", async () => {
  const wishes = new Wishes();
  const [one, two] = [work(), work()];
  const first = wishes.make(1, add, one.run, () => {});
  const second = wishes.make(1, takeAway, two.run, () => {});
  await settle();
  assert.deepEqual([one.begun.times, two.begun.times], [1, 0]);
  assert.deepEqual(wishes.over(message(1, { reactions: [] })).reactions, []);
  assert.deepEqual(wishes.over(message(1, { reactions: [thumb(ME)] })).reactions, []); // the first is done, the second is not
  one.refuse(new Error("No."));
  await assert.rejects(first);
  await settle();
  assert.equal(two.begun.times, 1);
  two.answer("done");
  assert.equal(await second, "done");
});

test("what an update tells stands: a wish that came true lays itself over nothing any more", () => {
  const wishes = new Wishes();
  wishes.make(1, add, work().run, () => {});
  const told = message(1, { revision: 2, reactions: [thumb(YOU, ME)] });
  assert.equal(wishes.over(told), told);
  const later = message(1, { revision: 3, reactions: [thumb(YOU)] }); // taken away again, at another device
  assert.equal(wishes.over(later), later);
});

test("an update that does not know of it yet takes nothing away", () => {
  const wishes = new Wishes();
  wishes.make(1, add, work().run, () => {});
  const told = message(1, { revision: 2, reactions: [{ emoji: "🎉", user_ids: [YOU] }] });
  assert.deepEqual(wishes.over(told).reactions, [{ emoji: "🎉", user_ids: [YOU] }, thumb(ME)]);
  assert.deepEqual(wishes.over(message(2)), message(2));
});

test("one emoji in two spellings is one, and the first stands", () => {
  const heart = message(1, { reactions: [{ emoji: "❤️", user_ids: [YOU] }] });
  assert.deepEqual(reacting("❤", true, ME)(heart).reactions, [{ emoji: "❤️", user_ids: [YOU, ME] }]);
  assert.equal(reacting("❤", false, ME)(heart), heart);
});

test("pins, and what was deleted", () => {
  const at = "2026-01-01T00:00:00Z";
  assert.equal(pinning(at)(message(1)).pinned_at, at);
  assert.equal(pinning(null)(message(1, { pinned_at: at })).pinned_at, null);
  const deleted = message(1, { deleted: true });
  assert.equal(pinning(at)(deleted), deleted);
  assert.equal(add(deleted), deleted);
});
