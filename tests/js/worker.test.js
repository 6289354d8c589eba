/* The service worker at its work: what it leaves alone, what makes it forget, what it sends, what it clears away. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ORIGIN, page, problem, url, worker } from "./workers.js";

test("clears the cache when our server says that nobody is signed in, and only then", async () => {
  const answers = [problem(200), new Response("<h1>Terms</h1>", { status: 401, headers: { "Content-Type": "text/html" } }), problem(401)];
  const { context, owners } = worker({ answer: () => answers.shift() });
  await context.storePage(context.beginRequest("/"), page("ann"));
  assert.equal(await context.isSignedOut(), false);
  await assert.rejects(context.isSignedOut());
  assert.equal(owners().length, 1);
  assert.equal(await context.isSignedOut(), true);
  assert.equal(owners().length, 0);
});

test("a POST that changes who is signed in clears the cache; other POSTs do not", async () => {
  for (const [path, forgets] of [["/sign-out", true], ["/sign-in", true], ["/become/x1", true], ["/threads/a/messages", false], ["/signals", false]]) {
    const { context, heard, owners } = worker();
    await context.storePage(context.beginRequest("/"), page("ann"));
    const work = [];
    heard.fetch({ request: { url: ORIGIN + path, method: "POST", mode: "navigate" }, waitUntil: (promise) => work.push(promise) });
    await Promise.all(work);
    assert.equal(owners().length === 0, forgets, path);
  }
});

test("calls, frames, foreign files and POSTs go to the network", () => {
  const { heard } = worker();
  for (const request of [
    { url: `${ORIGIN}/api/updates?since=x`, method: "GET", mode: "cors" },
    { url: `${ORIGIN}/attachments/a1`, method: "GET", mode: "no-cors" },
    { url: `${ORIGIN}/embed/inbox?origin=x`, method: "GET", mode: "navigate" },
    { url: "https://elsewhere.example/", method: "GET", mode: "navigate" },
    { url: `${ORIGIN}/threads/a/messages`, method: "POST", mode: "navigate" },
  ]) {
    heard.fetch({ request, waitUntil: assert.fail, respondWith: () => assert.fail(request.url) });
  }
});

test("files of old versions are deleted, unless a kept page needs them", async () => {
  const { context, caches } = worker();
  for (const version of ["old", "older", "new"]) await caches.open(`wellchat.files.${version}`);
  await context.storePage(context.beginRequest("/"), page("ann", { version: "old" }));
  await context.deleteOldCaches();
  assert.deepEqual((await caches.keys()).sort(), ["wellchat.files.new", "wellchat.files.old", "wellchat.pages.ann"]);
});

test("sends waiting messages in order, as their author, and keeps those that failed", async () => {
  const answers = [problem(201), problem(422), problem(503)];
  const { context, caches, sent } = worker({ answer: () => answers.shift() });
  const queue = await caches.open("wellchat.queue");
  for (const [key, at] of [["c", 3], ["a", 1], ["b", 2]]) {
    await queue.put(`/queue/ann/${key}`, new Response(JSON.stringify({ viewer: "ann", thread_id: "t", at, said: { body: key, client_key: key } })));
  }
  await assert.rejects(context.sendWaiting());
  assert.deepEqual(sent.map(({ body }) => JSON.parse(body).body), ["a", "b", "c"]);
  assert.deepEqual(sent.map(({ headers }) => headers["X-Viewer"]), ["ann", "ann", "ann"]);
  assert.deepEqual((await queue.keys()).map((request) => request.url.slice(ORIGIN.length)), ["/queue/ann/c"]);
});

test("an installation that keeps no pages any more deletes old ones", async () => {
  const { context, heard, owners } = worker({ pages: 0 });
  await context.storePage(context.beginRequest("/"), page("ann")); // by the worker before this one
  let done;
  heard.activate({ waitUntil: (promise) => (done = promise) });
  await done;
  assert.deepEqual(owners(), []);
});

test("navigation preload is on, except in browsers where it would break the offline page", async () => {
  const begun = async (agent) => {
    const { heard, said } = worker({ agent });
    let done;
    heard.activate({ waitUntil: (promise) => (done = promise) });
    await done;
    return said;
  };
  assert.deepEqual(await begun("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"), ["no preload"]);
  assert.deepEqual(await begun("Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Mobile/15E148 Safari/604.1"), ["preload"]);
});

test("notifications are not listed while one is being drawn, even after one that failed", async () => {
  const coming = ["one", "two", "three"];
  const [drawn, work] = [[], []];
  let drawing = 0;
  const registration = {
    getNotifications: async () => (assert.equal(drawing, 0), []),
    showNotification: async (title) => {
      drawing += 1;
      push(); // the next comes just now
      await new Promise((done) => setTimeout(done, 1));
      drawing -= 1;
      if (title === "two") throw new Error("no");
      drawn.push(title);
    },
  };
  const { heard } = worker({ registration });
  const push = () => {
    const title = coming.shift();
    if (title) heard.push({ data: { json: () => ({ title }) }, waitUntil: (promise) => work.push(promise) });
  };
  push();
  const ends = [];
  while (work.length) ends.push(...(await Promise.allSettled(work.splice(0))));
  assert.deepEqual(ends.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  assert.deepEqual(drawn, ["one", "three"]);
});
