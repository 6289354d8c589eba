/* The service worker, requests: static files from what was kept of their version, pages from the network, and where it is
   silent from what was kept. Everything else goes its way as if there were no worker. */

const FILES = "wellchat.files."; // and their version
const OFFLINE = "/offline";
const PATIENCE = 3000; // ms that a page which could be shown as it was waits for the network
const OTHERS = /^\/(sign-in|sign-up|sign-out|become|reset-password|verify)(\/|$)/; // posted to, they change who is signed in

self.addEventListener("install", (event) => {
  self.skipWaiting();
  // Calls need no worker to be woken for them, where the browser can be told so.
  event.addRoutes?.({ condition: { urlPattern: new URLPattern({ pathname: "/api/*" }) }, source: "network" })?.catch(() => {});
  event.waitUntil(fill());
});

self.addEventListener("activate", (event) => event.waitUntil(begin()));

async function begin() {
  // In Firefox a navigation fails with its preload, whatever we answer: offline there would be no page.
  const preload = self.registration.navigationPreload;
  await (/ Firefox\//.test(self.navigator.userAgent) ? preload?.disable() : preload?.enable());
  if (!self.wellchat.pages) await forget(); // the installation keeps none any more
  await tidy();
  await self.clients.claim();
}

/* All or nothing: with files of two versions no page works. While a new version rolls out, hosts may answer with either. */
async function fill() {
  const cache = await caches.open(FILES + self.wellchat.version);
  const take = async (address) => {
    if (await cache.match(address)) return;
    const file = await fetch(address);
    if (!file.ok || !file.headers.get("Cache-Control")?.includes("immutable")) throw new Error(`not of this version: ${address}`);
    await cache.put(address, file);
  };
  await Promise.all(self.wellchat.shell.map(take));
  const page = await fetch(OFFLINE, { credentials: "omit" });
  if (!page.ok) throw new Error("no offline page");
  await cache.put(OFFLINE, page);
}

/* Files of older versions go, unless a kept page was made for them. */
async function tidy() {
  const used = new Set([self.wellchat.version]);
  for (const name of await pageCaches()) {
    for (const page of await (await caches.open(name)).matchAll()) used.add(page.headers.get("X-Kept-Version"));
  }
  const old = (await caches.keys()).filter((name) => name.startsWith(FILES) && !used.has(name.slice(FILES.length)));
  for (const name of old) await caches.delete(name);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.mode !== "navigate") {
    if (request.method === "GET" && url.pathname.startsWith("/assets/")) event.respondWith(file(request));
  } else if (request.method === "GET") event.respondWith(page(event, url));
  else if (OTHERS.test(url.pathname)) event.waitUntil(forget());
});

async function file(request) {
  return (await caches.match(request.url, { ignoreVary: true })) ?? fetch(request);
}

async function page(event, url) {
  const began = forgotten;
  const asked = network(event);
  const answer = asked.then((response) => judge(event, url, response, began));
  answer.catch(() => {}); // looked at below
  if (!keeps(url)) return answer.catch(() => offline());
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE, null));
  const soon = await Promise.race([answer.catch(() => null), late]);
  if (soon) return soon;
  const old = await kept(url);
  if (!old) return answer.catch(() => offline());
  event.waitUntil(answer.catch(() => {}));
  return old;
}

async function network(event) {
  return (await event.preloadResponse) ?? fetch(event.request);
}

/* The response, where it is worth showing; keeps it where it is worth keeping. */
async function judge(event, url, response, began) {
  const leadsAway = response.type === "opaqueredirect";
  if (keeps(url)) {
    if (leadsAway) await isSignedOut(); // no page that we keep leads anywhere else: throws, if it was not our server
    if ([502, 503, 504].includes(response.status)) return (await kept(url)) ?? response;
    if ([403, 404, 410].includes(response.status)) event.waitUntil(drop(url.pathname));
    if (response.ok && !url.search) event.waitUntil(keep(url.pathname, response.clone(), began).then(tidy));
  } else if (leadsAway || url.pathname === "/sign-in") event.waitUntil(isSignedOut().catch(() => {}));
  return response;
}

async function offline() {
  const page = await caches.match(OFFLINE, { ignoreVary: true });
  return page ? marked(page, new Date().toISOString()) : Response.error();
}

const TOLD = {
  /* The page that was open before there was a worker. */
  keep: async ({ path }) => keeps(new URL(path, self.location.origin)) && fetchAndKeep(path),
  news: hear,
  forget,
};

self.addEventListener("message", (event) => {
  const { type, ...said } = event.data ?? {};
  if (Object.hasOwn(TOLD, type)) event.waitUntil(TOLD[type](said));
});
