/* The service worker's own rules: whose pages are kept, how many, and what makes it forget them. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";

const ORIGIN = "https://chat.example";

/** The browser's CacheStorage: caches and what is in them in the order of putting. */
function fakeCaches() {
  const all = new Map();
  const address = (request) => new URL(request.url ?? request, ORIGIN).href;
  const cache = (held) => ({
    put: async (request, response) => void held.set(address(request), { text: await response.text(), init: { status: response.status, headers: [...response.headers] } }),
    match: async (request) => {
      const found = held.get(address(request));
      return found && new Response(found.text, found.init);
    },
    matchAll: async () => [...held.values()].map(({ text, init }) => new Response(text, init)),
    delete: async (request) => held.delete(address(request)),
    keys: async () => [...held.keys()].map((url) => ({ url })),
  });
  return {
    all,
    keys: async () => [...all.keys()],
    has: async (name) => all.has(name),
    delete: async (name) => all.delete(name),
    open: async (name) => cache(all.get(name) ?? (all.set(name, new Map()), all.get(name))),
    match: async (request) => {
      for (const held of all.values()) {
        const found = await cache(held).match(request);
        if (found) return found;
      }
    },
  };
}

function worker({ answer = () => new Response("{}"), pages = 3 } = {}) {
  const heard = {};
  const caches = fakeCaches();
  const self = {
    wellchat: { version: "new", pages, shell: [] },
    location: { origin: ORIGIN },
    registration: {},
    clients: { claim() {} },
    navigator: { locks: { request: (_name, work) => work() } },
    addEventListener: (name, act) => (heard[name] = act),
    skipWaiting() {},
  };
  const sent = [];
  const fetch = async (address, options) => (sent.push({ address, ...options }), answer(address, options));
  const context = vm.createContext({ self, caches, fetch, Response, Headers, URL, Date, Map, Set, setTimeout, AbortSignal, console, Promise, Object, JSON, Error });
  for (const name of ["keep", "queue", "answer"]) {
    vm.runInContext(readFileSync(new URL(`../../wellchat/static/sw/${name}.js`, import.meta.url), "utf8"), context);
  }
  const paths = () => [...caches.all].flatMap(([name, held]) => (name.startsWith("wellchat.pages.") ? [...held.keys()].map((url) => url.slice(ORIGIN.length)) : []));
  return { context, caches, heard, sent, paths, owners: () => [...caches.all.keys()].filter((name) => name.startsWith("wellchat.pages.")) };
}

const page = (viewer, { version = "new" } = {}) =>
  new Response(`<!doctype html>\n<html lang="en" data-viewer-id="${viewer}"><link href="/assets/${version}/css/a.css">words of ${viewer}`, {
    headers: { "Content-Type": "text/html", "Cache-Control": "no-store" },
  });
const url = (path) => new URL(path, ORIGIN);

test("keeps the last threads, whichever were opened last, and the inbox", async () => {
  const { context, paths } = worker({ pages: 2 });
  for (const path of ["/", "/threads/a", "/threads/b", "/threads/a", "/threads/c"]) await context.keep(path, page("ann"), 0);
  assert.deepEqual(paths(), ["/", "/threads/a", "/threads/c"]);
});

test("only the inbox and threads, and only where the installation keeps any", () => {
  const { context } = worker();
  const kept = (path) => context.keeps(url(path));
  assert.deepEqual(["/", "/threads/a1", "/threads/a1?before=3"].map(kept), [true, true, true]);
  const never = ["/?q=x", "/?archived=1", "/settings", "/oversight", "/oversight/threads/a", "/threads/a1/files", "/search?q=a", "/notifications"];
  assert.deepEqual(never.map(kept), never.map(() => false));
  assert.equal(worker({ pages: 0 }).context.keeps(url("/")), false);
});

test("somebody else's page makes it forget those of the one before", async () => {
  const { context, owners, paths } = worker();
  await context.keep("/threads/a", page("ann"), 0);
  await context.keep("/", page("ben"), 0);
  assert.deepEqual(owners(), ["wellchat.pages.ben"]);
  assert.deepEqual(paths(), ["/"]);
  assert.equal(await context.kept(url("/threads/a")), null);
});

test("a page asked for before it forgot is not kept after", async () => {
  const { context, owners } = worker();
  const slow = context.keep("/threads/a", page("ann"), 0);
  context.forget();
  await slow;
  await context.hear({ viewer: "ann", threads: [{ id: "a" }], messages: [] });
  assert.deepEqual(owners(), []);
});

test("a page of nobody's is not kept: the sign-in, an error, a portal", async () => {
  const { context, owners } = worker();
  await context.keep("/", new Response("<html><h1>Welcome on board</h1>"), 0);
  assert.deepEqual(owners(), []);
});

test("a kept page says so, and when", async () => {
  const { context } = worker();
  await context.keep("/", page("ann"), 0);
  const text = await (await context.kept(url("/"))).text();
  assert.match(text, /<html data-kept="\d{4}-\d\d-\d\dT[^"]+Z" lang="en" data-viewer-id="ann">/);
});

test("what was heard lies beside the pages that are kept, the later state of each", async () => {
  const { context, caches, paths } = worker();
  await context.keep("/", page("ann"), 0);
  await context.keep("/threads/a", page("ann"), 0);
  const message = (thread_id, seq, body) => ({ thread_id, seq, body });
  await context.hear({ viewer: "ann", threads: [{ id: "a" }], messages: [message("a", 1, "one"), message("b", 1, "not kept")] });
  await context.hear({ viewer: "ann", messages: [message("a", 1, "one, edited"), message("a", 2, "two")] });
  await context.hear({ viewer: "ben", messages: [message("a", 3, "not hers")] });
  assert.deepEqual(paths(), ["/", "/threads/a", "/?news", "/threads/a?news"]);
  const heard = await (await caches.match("/threads/a?news")).json();
  assert.deepEqual(heard.map(({ body }) => body), ["one, edited", "two"]);
  await context.keep("/threads/a", page("ann"), 0); // fresh from the server, with all of it
  assert.equal(paths().includes("/threads/a?news"), false);
});

const problem = (status) => new Response("{}", { status, headers: { "Content-Type": "application/problem+json" } });

test("forgets when our server says that nobody is signed in, and only then", async () => {
  const answers = [problem(200), new Response("<h1>Terms</h1>", { status: 401, headers: { "Content-Type": "text/html" } }), problem(401)];
  const { context, owners } = worker({ answer: () => answers.shift() });
  await context.keep("/", page("ann"), 0);
  assert.equal(await context.isSignedOut(), false);
  await assert.rejects(context.isSignedOut());
  assert.equal(owners().length, 1);
  assert.equal(await context.isSignedOut(), true);
  assert.equal(owners().length, 0);
});

test("posting to what changes who is signed in forgets; posting anything else does not", async () => {
  for (const [path, forgets] of [["/sign-out", true], ["/sign-in", true], ["/become/x1", true], ["/threads/a/messages", false], ["/signals", false]]) {
    const { context, heard, owners } = worker();
    await context.keep("/", page("ann"), 0);
    const work = [];
    heard.fetch({ request: { url: ORIGIN + path, method: "POST", mode: "navigate" }, waitUntil: (promise) => work.push(promise) });
    await Promise.all(work);
    assert.equal(owners().length === 0, forgets, path);
  }
});

test("calls, files of others and answers to posts go their way", () => {
  const { heard } = worker();
  for (const request of [
    { url: `${ORIGIN}/api/updates?since=x`, method: "GET", mode: "cors" },
    { url: `${ORIGIN}/attachments/a1`, method: "GET", mode: "no-cors" },
    { url: "https://elsewhere.example/", method: "GET", mode: "navigate" },
    { url: `${ORIGIN}/threads/a/messages`, method: "POST", mode: "navigate" },
  ]) {
    heard.fetch({ request, waitUntil: assert.fail, respondWith: () => assert.fail(request.url) });
  }
});

test("files of old versions go, but for those that a kept page was made for", async () => {
  const { context, caches } = worker();
  for (const version of ["old", "older", "new"]) await caches.open(`wellchat.files.${version}`);
  await context.keep("/", page("ann", { version: "old" }), 0);
  await context.tidy();
  assert.deepEqual((await caches.keys()).sort(), ["wellchat.files.new", "wellchat.files.old", "wellchat.pages.ann"]);
});

test("a page that is no longer this person's is dropped", async () => {
  const { context, paths } = worker();
  await context.keep("/threads/a", page("ann"), 0);
  await context.keep("/threads/b", page("ann"), 0);
  await context.drop("/threads/a");
  assert.deepEqual(paths(), ["/threads/b"]);
});

test("sends what waits in order, as whose it is, and leaves what the server could not take", async () => {
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

test("words that were taken back do not stay in what is kept", async () => {
  const asked = [];
  const { context, paths } = worker({ answer: (path, { headers }) => (asked.push([path, headers["X-Purpose"]]), path === "/" ? page("ann") : problem(503)) });
  for (const path of ["/", "/threads/a", "/threads/b"]) await context.keep(path, page("ann"), 0);
  await context.hear({ viewer: "ann", messages: [{ thread_id: "a", seq: 1, deleted: true, body: null }, { thread_id: "c", seq: 1, deleted: true }] });
  assert.deepEqual(asked, [["/", "keep"], ["/threads/a", "keep"]]);
  assert.deepEqual(paths(), ["/threads/b", "/"]);
});

test("an installation that keeps nothing any more forgets what it kept", async () => {
  const { context, heard, owners } = worker({ pages: 0 });
  await context.keep("/", page("ann"), 0); // by the worker before this one
  let done;
  heard.activate({ waitUntil: (promise) => (done = promise) });
  await done;
  assert.deepEqual(owners(), []);
});
