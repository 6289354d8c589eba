import assert from "node:assert/strict";
import { test } from "node:test";

import { fileSize, fitted, describeFiles } from "../../wellchat/static/js/lib/files.js";
import { ApiError } from "../../wellchat/static/js/models/api.js";
import { Uploads } from "../../wellchat/static/js/models/uploads.js";
import { settle } from "./fakes.js";

const file = (name, size = 10) => ({ name, size });

function setUp(options = {}) {
  const [sends, discarded] = [[], []];
  const send = (one, { progress, signal }) =>
    new Promise((resolve, reject) => sends.push({ name: one.name, progress, signal, resolve, reject }));
  const uploads = new Uploads({ send, discard: ({ id }) => discarded.push(id), ...options });
  const states = () => uploads.items.map(({ name, state }) => `${name} ${state}`);
  const end = async (name, how) => (how(sends.findLast((one) => one.name === name)), settle());
  return { uploads, sends, discarded, states, up: (name) => end(name, ({ resolve }) => resolve({ id: name })), end };
}

test("three files are uploaded at a time, the others wait", async () => {
  const { uploads, sends, states, up } = setUp();
  uploads.add(["a", "b", "c", "d"].map((name) => file(name)));
  assert.deepEqual(states(), ["a uploading", "b uploading", "c uploading", "d waiting"]);
  await up("b");
  assert.deepEqual(states(), ["a uploading", "b done", "c uploading", "d uploading"]);
  assert.equal(sends.length, 4);
});

test("each file has its own progress", async () => {
  const { uploads, sends, up } = setUp();
  uploads.add([file("a"), file("b")]);
  sends[0].progress(0.5);
  assert.deepEqual(uploads.items.map(({ progress }) => progress), [0.5, 0]);
  await up("a");
  sends[0].progress(0.7);
  assert.equal(uploads.items[0].progress, 1);
});

test("uploaded files are taken once, in the order in which they were added", async () => {
  const { uploads, up } = setUp();
  uploads.add([file("a"), file("b")]);
  assert.equal(uploads.busy, true);
  await up("b");
  await up("a");
  assert.deepEqual([uploads.busy, uploads.failed], [false, false]);
  assert.deepEqual(uploads.take(), [{ id: "a" }, { id: "b" }]);
  assert.deepEqual(uploads.take(), []);
});

test("removing a file ends its upload, or deletes it on the server, and starts the next one", async () => {
  const { uploads, sends, discarded, states, up } = setUp();
  uploads.add(["a", "b", "c", "d"].map((name) => file(name)));
  await up("a");
  uploads.remove(uploads.items[0]);
  assert.deepEqual(discarded, ["a"]);
  uploads.remove(uploads.items[0]);
  assert.equal(sends.find(({ name }) => name === "b").signal.aborted, true);
  assert.deepEqual(states(), ["c uploading", "d uploading"]);
  await up("b"); // the server had it all the same
  assert.deepEqual(discarded, ["a", "b"]);
  assert.deepEqual(states(), ["c uploading", "d uploading"]);
});

test("a refused file shows why and cannot be tried again; an interrupted one can", async () => {
  const { uploads, sends, states, end } = setUp();
  uploads.add([file("svg"), file("cut")]);
  await end("svg", ({ reject }) => reject(new ApiError(422, { detail: "Not taken." })));
  await end("cut", ({ reject }) => reject(new ApiError(0)));
  const [svg, cut] = uploads.items;
  assert.deepEqual([svg.reason, svg.canRetry, cut.canRetry, uploads.failed], ["Not taken.", false, true, true]);
  uploads.retry(svg);
  uploads.retry(cut);
  assert.deepEqual(states(), ["svg failed", "cut uploading"]);
  assert.equal(sends.length, 3);
});

test("too large and empty files are not sent; too many give a sentence", () => {
  const { uploads, sends, states } = setUp({ max: 3, maxMb: 1 });
  assert.equal(uploads.add([file("big", 1024 * 1024 + 1), file("empty", 0), file("fits", 1024 * 1024), file("fourth")]), "A message can have at most 3 files.");
  assert.deepEqual(states(), ["big failed", "empty failed", "fits uploading"]);
  assert.equal(uploads.items[0].reason, "Larger than 1 MB.");
  assert.equal(sends.length, 1);
});

test("texts and sizes are the same as the server's", () => {
  const photo = { width: 4, media_type: "image/jpeg", name: "a.jpg" };
  const plan = { width: null, media_type: "application/pdf", name: "plan.pdf" };
  assert.deepEqual(
    [[], [photo], [photo, photo], [plan], [plan, photo], [{ ...plan, media_type: "audio/mpeg" }], [{ ...plan, media_type: "video/mp4" }]].map(describeFiles),
    ["", "Photo", "2 photos", "Document: plan.pdf", "2 files", "Recording: plan.pdf", "Video: plan.pdf"],
  );
  assert.deepEqual([900, 12_300, 999_499, 999_500, 3_440_000].map(fileSize), ["900 bytes", "12 kB", "999 kB", "1.0 MB", "3.4 MB"]);
  assert.deepEqual([[800, 600], [600, 1200], [100, 80], [4000, 100]].map((size) => fitted(...size)), [[320, 240], [160, 320], [100, 80], [320, 56]]);
});

test("a refused file keeps no other one back, and stays to be read; one that may go up later does", async () => {
  const { uploads, up, end } = setUp({ max: 2 });
  uploads.add([file("good"), file("bad")]);
  await up("good");
  await end("bad", ({ reject }) => reject(new ApiError(422, { detail: "No programs." })));
  assert.deepEqual([uploads.busy, uploads.failed], [false, false]);
  assert.equal(uploads.add([file("late")]), ""); // the refused one takes no room
  await end("late", ({ reject }) => reject(new ApiError(503)));
  assert.equal(uploads.failed, true);
  uploads.remove(uploads.items.find(({ name }) => name === "late"));
  assert.deepEqual(uploads.take(), [{ id: "good" }]);
  assert.deepEqual(uploads.items.map(({ name, canRetry }) => [name, canRetry]), [["bad", false]]);
});
