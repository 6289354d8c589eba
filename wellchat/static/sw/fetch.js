/* Service worker: requests. Static files come from the cache of their version, pages from the network, or from the cache if
   there is no response. All other requests go on as if there were no worker. */

const FILES = "wellchat.files."; // + their version
const OFFLINE = "/offline";
const NETWORK_TIMEOUT = 3000; // ms to wait for the network if the page is in the cache
const SESSION_PATHS = /^\/(sign-in|sign-up|sign-out|become|reset-password|verify)(\/|$)/; // a POST to these changes who is signed in

self.addEventListener("install", (event) => {
  self.skipWaiting();
  // Calls go to the network without waking the worker, in browsers with static routing.
  event.addRoutes?.({ condition: { urlPattern: new URLPattern({ pathname: "/api/*" }) }, source: "network" })?.catch(() => {});
  event.waitUntil(precache());
});

self.addEventListener("activate", (event) => event.waitUntil(activate()));

async function activate() {
  // In Firefox a navigation fails with its preload, whatever we return, so that no page would work offline.
  const preload = self.registration.navigationPreload;
  await (/ Firefox\//.test(self.navigator.userAgent) ? preload?.disable() : preload?.enable());
  if (!self.wellchat.pages) await clearPages(); // this installation keeps no pages any more
  await deleteOldCaches();
  await self.clients.claim();
}

/* Installs all files or none: no page works with files of two versions, and hosts may differ during a rollout. */
async function precache() {
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

/* Deletes files of older versions, unless a kept page needs them. */
async function deleteOldCaches() {
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
  if (url.origin !== self.location.origin || url.pathname.startsWith("/embed/")) return; // frames keep nothing
  if (request.mode !== "navigate") {
    if (request.method === "GET" && url.pathname.startsWith("/assets/")) event.respondWith(fileResponse(request));
  } else if (request.method === "GET") event.respondWith(pageResponse(event, url));
  else if (SESSION_PATHS.test(url.pathname)) event.waitUntil(clearPages());
});

async function fileResponse(request) {
  return (await caches.match(request.url, { ignoreVary: true })) ?? fetch(request);
}

async function pageResponse(event, url) {
  const request = beginRequest(url.pathname);
  const answer = fromNetwork(event).then((response) => handleResponse(event, url, response, request));
  answer.catch(() => endRequest(request)); // also handled below
  if (!isCacheable(url)) return answer.catch(() => offlinePage());
  const timeout = new Promise((resolve) => setTimeout(resolve, NETWORK_TIMEOUT, null));
  const first = await Promise.race([answer.catch(() => null), timeout]);
  if (first) return first;
  const stored = await cachedPage(url);
  if (!stored) return answer.catch(() => offlinePage());
  event.waitUntil(answer.catch(() => {}));
  return stored;
}

async function fromNetwork(event) {
  return (await event.preloadResponse) ?? fetch(event.request);
}

/* Returns the response if it can be shown, and keeps it if it is a page to keep. */
async function handleResponse(event, url, response, request) {
  const toKeep = isCacheable(url) && response.ok && !url.search;
  if (toKeep) event.waitUntil(storePage(request, response.clone()).then(deleteOldCaches));
  else endRequest(request);
  const leadsAway = response.type === "opaqueredirect";
  if (isCacheable(url)) {
    if (leadsAway) await isSignedOut(); // kept pages never redirect: throws if this is not our server
    if ([502, 503, 504].includes(response.status)) return (await cachedPage(url)) ?? response;
    if ([403, 404, 410].includes(response.status)) event.waitUntil(removePage(url.pathname));
  } else if (leadsAway || url.pathname === "/sign-in") event.waitUntil(isSignedOut().catch(() => {}));
  return response;
}

async function offlinePage() {
  const page = await caches.match(OFFLINE, { ignoreVary: true });
  return page ? withKeptTime(page, new Date().toISOString()) : Response.error();
}

const MESSAGE_HANDLERS = {
  /* Keeps the page that was open before there was a worker. */
  keep: async ({ path }) => isCacheable(new URL(path, self.location.origin)) && fetchAndStore(path),
  news: addNews,
  renew: renewPages,
  forget: clearPages,
};

self.addEventListener("message", (event) => {
  const { type, ...fields } = event.data ?? {};
  if (Object.hasOwn(MESSAGE_HANDLERS, type)) event.waitUntil(MESSAGE_HANDLERS[type](fields));
});
