/* Pages kept for reading offline: whose, which, how many, and what was heard since. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { page, problem, url, worker } from "./workers.js";

test("keeps the last threads, whichever were opened last, and the inbox", async () => {
  const { context, paths } = worker({ pages: 2 });
  for (const path of ["/", "/threads/a", "/threads/b", "/threads/a", "/threads/c"]) await context.storePage(context.beginRequest(path), page("ann"));
  assert.deepEqual(paths(), ["/", "/threads/a", "/threads/c"]);
});

test("keeps only the inbox and threads, and only if the installation keeps any", () => {
  const { context } = worker();
  const kept = (path) => context.isCacheable(url(path));
  assert.deepEqual(["/", "/threads/a1", "/threads/a1?before=3"].map(kept), [true, true, true]);
  const never = ["/?q=x", "/?archived=1", "/settings", "/oversight", "/oversight/threads/a", "/threads/a1/files", "/search?q=a", "/notifications"];
  assert.deepEqual(never.map(kept), never.map(() => false));
  assert.equal(worker({ pages: 0 }).context.isCacheable(url("/")), false);
});

test("another person's page deletes the pages of the person before", async () => {
  const { context, owners, paths } = worker();
  await context.storePage(context.beginRequest("/threads/a"), page("ann"));
  await context.storePage(context.beginRequest("/"), page("ben"));
  assert.deepEqual(owners(), ["wellchat.pages.ben"]);
  assert.deepEqual(paths(), ["/"]);
  assert.equal(await context.cachedPage(url("/threads/a")), null);
});

test("a page requested before the cache was cleared is not kept", async () => {
  const { context, owners } = worker();
  const slow = context.storePage(context.beginRequest("/threads/a"), page("ann"));
  context.clearPages();
  await slow;
  await context.addNews({ viewer: "ann", threads: [{ id: "a" }], messages: [] });
  assert.deepEqual(owners(), []);
});

test("a page without a viewer is not kept: the sign-in, an error, a portal", async () => {
  const { context, owners } = worker();
  await context.storePage(context.beginRequest("/"), new Response("<html><h1>Welcome on board</h1>"));
  assert.deepEqual(owners(), []);
});

test("a kept page is marked, with its time", async () => {
  const { context } = worker();
  await context.storePage(context.beginRequest("/"), page("ann"));
  const text = await (await context.cachedPage(url("/"))).text();
  assert.match(text, /<html data-kept="\d{4}-\d\d-\d\dT[^"]+Z" lang="en" data-viewer-id="ann">/);
});

test("updates are kept beside the pages, with the later state of each", async () => {
  const { context, caches, paths } = worker();
  await context.storePage(context.beginRequest("/"), page("ann"));
  await context.storePage(context.beginRequest("/threads/a"), page("ann"));
  const message = (thread_id, seq, body) => ({ thread_id, seq, body });
  await context.addNews({ viewer: "ann", threads: [{ id: "a" }], messages: [message("a", 1, "one"), message("b", 1, "not kept")] });
  await context.addNews({ viewer: "ann", messages: [message("a", 1, "one, edited"), message("a", 2, "two")] });
  await context.addNews({ viewer: "ben", messages: [message("a", 3, "not hers")] });
  assert.deepEqual(paths(), ["/", "/threads/a", "/?news", "/threads/a?news"]);
  const heard = await (await caches.match("/threads/a?news")).json();
  assert.deepEqual(heard.map(({ body }) => body), ["one, edited", "two"]);
  await context.storePage(context.beginRequest("/threads/a"), page("ann")); // fresh from the server, with all of it
  assert.equal(paths().includes("/threads/a?news"), false);
});

test("news that comes while a page is on its way stays with it", async () => {
  const { context, caches } = worker();
  const request = context.beginRequest("/threads/a");
  await context.addNews({ viewer: "ann", messages: [{ thread_id: "a", seq: 2, body: "after the page was made" }] });
  await context.addNews({ viewer: "ben", messages: [{ thread_id: "a", seq: 3, body: "not hers" }] });
  await context.storePage(request, page("ann"));
  const news = await (await caches.match("/threads/a?news")).json();
  assert.deepEqual(news.map(({ body }) => body), ["after the page was made"]);
});

test("a page that the person may no longer see is deleted", async () => {
  const { context, paths } = worker();
  await context.storePage(context.beginRequest("/threads/a"), page("ann"));
  await context.storePage(context.beginRequest("/threads/b"), page("ann"));
  await context.removePage("/threads/a");
  assert.deepEqual(paths(), ["/threads/b"]);
});

test("deleted messages do not stay in kept pages", async () => {
  const asked = [];
  const { context, paths } = worker({ answer: (path, { headers }) => (asked.push([path, headers["X-Purpose"]]), path === "/" ? page("ann") : problem(503)) });
  for (const path of ["/", "/threads/a", "/threads/b"]) await context.storePage(context.beginRequest(path), page("ann"));
  await context.addNews({ viewer: "ann", messages: [{ thread_id: "a", seq: 1, deleted: true, body: null }, { thread_id: "c", seq: 1, deleted: true }] });
  assert.deepEqual(asked, [["/", "keep"], ["/threads/a", "keep"]]);
  assert.deepEqual(paths(), ["/threads/b", "/"]);
});

test("all kept pages are fetched anew when updates are missing, once for all tabs that ask", async () => {
  const asked = [];
  const { context, paths } = worker({ answer: (path) => (asked.push(path), path === "/threads/b" ? problem(404) : page("ann")) });
  for (const path of ["/", "/threads/a", "/threads/b"]) await context.storePage(context.beginRequest(path), page("ann"));
  await context.addNews({ viewer: "ann", messages: [{ thread_id: "a", seq: 1, body: "old news" }] });
  await Promise.all([context.renewPages(), context.renewPages()]);
  assert.deepEqual(asked, ["/", "/threads/a", "/threads/b"]);
  assert.deepEqual(paths(), ["/", "/threads/a"]);
});

test("a feature names pages that are kept too, whole paths only", () => {
  const { context } = worker({ paths: ["/", "/goals", "/goals/\\w+"] });
  const kept = ["/", "/goals", "/goals/g", "/goals/g/edit", "/mygoals", "/threads/a", "/?q=x"].filter((path) => context.isCacheable(url(path)));
  assert.deepEqual(kept, ["/", "/goals", "/goals/g"]);
});
