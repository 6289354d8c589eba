/* Service worker: the offline cache. It keeps the inbox and the last opened pages of the paths that features name (`paths`),
   and the updates since. They belong to one person, and are deleted as soon as somebody else, or nobody, is signed in. */

const PAGES = "wellchat.pages."; // + the person's id; there is never more than one such cache
const NEWS = "?news"; // after a page's path: the updates since it was kept
const MAX_NEWS = 300;

const serially = newSerialQueue(); // for all changes of the cache
let clearCount = 0; // a page that was requested before the cache was cleared is not kept
const requests = new Set(); // pages on their way, with the news that came since they were requested

/* Runs jobs one after the other, even if one fails. Returns the promise of the job. */
function newSerialQueue() {
  let last = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
}

const KEPT_PATHS = new RegExp(`^(?:${self.wellchat.paths.join("|")})$`);

function isCacheable({ pathname, search }) {
  return self.wellchat.pages > 0 && KEPT_PATHS.test(pathname) && !(pathname === "/" && search);
}

async function pageCaches() {
  return (await caches.keys()).filter((name) => name.startsWith(PAGES));
}

function clearPages() {
  clearCount += 1;
  return serially(async () => {
    for (const name of await pageCaches()) await caches.delete(name);
  });
}

/* Call it before a page is requested; then call storePage() or endRequest(). */
function beginRequest(path) {
  const request = { path, clearCount, news: [] };
  requests.add(request);
  return request;
}

function endRequest(request) {
  requests.delete(request);
}

/* Keeps the page that `request` brought. News that came meanwhile may not stand on it, and would be lost with its older copy. */
async function storePage(request, response) {
  try {
    await putPage(request, response);
  } finally {
    endRequest(request);
  }
}

async function putPage(request, response) {
  const { path } = request;
  const text = await response.text();
  const viewer = /<html[^>]*\sdata-viewer-id="([^"]+)"/.exec(text)?.[1];
  if (!viewer) return; // nobody is signed in, or it is not our page
  const headers = new Headers(response.headers);
  for (const name of ["Content-Encoding", "Content-Length", "Vary"]) headers.delete(name);
  headers.set("X-Kept-At", new Date().toISOString());
  headers.set("X-Kept-Version", /\/assets\/(\w+)\//.exec(text)?.[1] ?? "");
  return serially(async () => {
    if (request.clearCount !== clearCount) return;
    for (const name of await pageCaches()) if (name !== PAGES + viewer) await caches.delete(name);
    const cache = await caches.open(PAGES + viewer);
    await deleteEntry(cache, path); // so that it is last, as the latest
    await cache.put(path, new Response(text, { headers }));
    for (const news of request.news) if (news.viewer === viewer) await mergeUpdate(cache, path, news);
    const threads = (await cache.keys()).map(({ url }) => new URL(url)).filter(({ search, pathname }) => !search && pathname !== "/");
    for (const { pathname } of threads.slice(0, -self.wellchat.pages)) await deleteEntry(cache, pathname);
  });
}

async function deleteEntry(cache, path) {
  await cache.delete(path);
  await cache.delete(path + NEWS);
}

/* Deletes a page that the server no longer gives to this person. */
function removePage(path) {
  return serially(async () => {
    for (const name of await pageCaches()) await deleteEntry(await caches.open(name), path);
  });
}

/* Returns the kept page, marked as such, or null. */
async function cachedPage({ pathname }) {
  await serially(() => {}); // wait for changes
  const [name] = await pageCaches();
  const page = name && (await (await caches.open(name)).match(pathname));
  return page ? withKeptTime(page, page.headers.get("X-Kept-At")) : null;
}

async function withKeptTime(page, at) {
  const text = (await page.text()).replace("<html", `<html data-kept="${at}"`);
  return new Response(text, { headers: page.headers });
}

/* Keeps the updates of a page of `viewer` beside the kept pages. Pages with deleted messages are fetched again. */
async function addNews({ viewer, threads = [], messages = [] }) {
  const news = { viewer, threads, messages };
  for (const request of requests) request.news.push(news);
  await serially(async () => {
    if (!(await caches.has(PAGES + viewer))) return;
    const cache = await caches.open(PAGES + viewer);
    for (const path of ["/", ...new Set(messages.map(threadPath))]) await mergeUpdate(cache, path, news);
  });
  const touched = new Set(messages.filter((message) => message.deleted).map(threadPath));
  for (const path of touched.size ? ["/", ...touched] : []) await refetch(path);
}

/* Fetches a page again, or deletes it. The request says that no person opens it. */
async function refetch(path) {
  if (!(await caches.match(path))) return;
  await fetchAndStore(path).catch(() => removePage(path));
}

/* Fetches every kept page again, or deletes it: what happened to them meanwhile is not known. Several tabs ask at once. */
let renewing = null;
function renewPages() {
  const renew = async () => {
    for (const name of await pageCaches()) {
      const addresses = (await (await caches.open(name)).keys()).map(({ url }) => new URL(url));
      for (const { pathname } of addresses.filter(({ search }) => !search)) await refetch(pathname);
    }
  };
  renewing ??= renew().finally(() => (renewing = null));
  return renewing;
}

async function fetchAndStore(path) {
  const request = beginRequest(path);
  try {
    const response = await fetch(path, { credentials: "same-origin", redirect: "error", headers: { "X-Purpose": "keep" } });
    if (!response.ok) throw new Error("no such page");
    await storePage(request, response);
  } finally {
    endRequest(request);
  }
}

function threadPath(message) {
  return `/threads/${message.thread_id}`;
}

/* Keeps beside a page what an update says of it. */
async function mergeUpdate(cache, path, { threads, messages }) {
  if (path === "/") return threads.length && mergeNews(cache, path, threads, (thread) => thread.id);
  const here = messages.filter((message) => threadPath(message) === path);
  return here.length && mergeNews(cache, path, here, (message) => message.seq);
}

async function mergeNews(cache, path, fresh, keyOf) {
  if (!(await cache.match(path))) return;
  const known = (await (await cache.match(path + NEWS))?.json()) ?? [];
  const all = new Map([...known, ...fresh].map((one) => [keyOf(one), one]));
  await cache.put(path + NEWS, new Response(JSON.stringify([...all.values()].slice(-MAX_NEWS))));
}

/* Tells whether our server says that nobody is signed in, and then clears the cache. A portal's response does not count. */
async function isSignedOut() {
  if (!(await pageCaches()).length) return false;
  const answer = await fetch("/api/me", { credentials: "same-origin", redirect: "error", cache: "no-store" });
  const ours = /\bjson\b/.test(answer.headers.get("Content-Type") ?? "");
  if (!ours) throw new Error("not our server");
  if (answer.status === 401) await clearPages();
  return answer.status === 401;
}
