import assert from "node:assert/strict";
import { test } from "node:test";

import { withPin, withReaction, OptimisticChanges } from "../../wellchat/static/js/models/optimistic_changes.js";
import { ME, YOU, message, settle } from "./fakes.js";

/** Work that the test ends. */
function work() {
  let end;
  const begun = { times: 0 };
  const ended = new Promise((resolve, reject) => (end = { answer: resolve, refuse: reject }));
  return { begun, ...end, run: () => ((begun.times += 1), ended) };
}

const thumb = (...user_ids) => ({ emoji: "👍", user_ids });
const add = withReaction("👍", true, ME);
const takeAway = withReaction("👍", false, ME);

test("a change is visible at once, and removed if it is refused", async () => {
  const optimistic = new OptimisticChanges();
  const truth = message(1, { reactions: [] });
  const [one, seen] = [work(), []];
  const made = optimistic.run(1, add, one.run, () => seen.push(optimistic.applyTo(truth).reactions));
  assert.deepEqual(seen, [[thumb(ME)]]);
  assert.deepEqual(truth.reactions, []);
  one.refuse(new Error("No."));
  await assert.rejects(made, /No\./);
  assert.deepEqual(seen.at(-1), []);
  assert.equal(optimistic.applyTo(truth), truth);
  assert.equal(optimistic.isPending(1), false);
});

test("changes are requested in order, even if the first is refused", async () => {
  const optimistic = new OptimisticChanges();
  const [one, two] = [work(), work()];
  const first = optimistic.run(1, add, one.run, () => {});
  const second = optimistic.run(1, takeAway, two.run, () => {});
  await settle();
  assert.deepEqual([one.begun.times, two.begun.times], [1, 0]);
  assert.deepEqual(optimistic.applyTo(message(1, { reactions: [] })).reactions, []);
  assert.deepEqual(optimistic.applyTo(message(1, { reactions: [thumb(ME)] })).reactions, []); // the first is done, the second is not
  one.refuse(new Error("No."));
  await assert.rejects(first);
  await settle();
  assert.equal(two.begun.times, 1);
  two.answer("done");
  assert.equal(await second, "done");
});

test("a change that an update confirms is dropped and hides no later state", () => {
  const optimistic = new OptimisticChanges();
  optimistic.run(1, add, work().run, () => {});
  const told = message(1, { revision: 2, reactions: [thumb(YOU, ME)] });
  assert.equal(optimistic.applyTo(told), told);
  const later = message(1, { revision: 3, reactions: [thumb(YOU)] }); // taken away again, at another device
  assert.equal(optimistic.applyTo(later), later);
});

test("an update without the change does not remove it", () => {
  const optimistic = new OptimisticChanges();
  optimistic.run(1, add, work().run, () => {});
  const told = message(1, { revision: 2, reactions: [{ emoji: "🎉", user_ids: [YOU] }] });
  assert.deepEqual(optimistic.applyTo(told).reactions, [{ emoji: "🎉", user_ids: [YOU] }, thumb(ME)]);
  assert.deepEqual(optimistic.applyTo(message(2)), message(2));
});

test("an emoji in two spellings counts once, in its first spelling", () => {
  const heart = message(1, { reactions: [{ emoji: "❤️", user_ids: [YOU] }] });
  assert.deepEqual(withReaction("❤", true, ME)(heart).reactions, [{ emoji: "❤️", user_ids: [YOU, ME] }]);
  assert.equal(withReaction("❤", false, ME)(heart), heart);
});

test("pins change, and deleted messages do not", () => {
  const at = "2026-01-01T00:00:00Z";
  assert.equal(withPin(at)(message(1)).pinned_at, at);
  assert.equal(withPin(null)(message(1, { pinned_at: at })).pinned_at, null);
  const deleted = message(1, { deleted: true });
  assert.equal(withPin(at)(deleted), deleted);
  assert.equal(add(deleted), deleted);
});
