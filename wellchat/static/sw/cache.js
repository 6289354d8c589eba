/* The service worker, what is kept: the inbox and the pages last opened of those that features name (`paths`), as they were
   when the network last brought them, and what was heard since. They belong to one person; the moment somebody else, or
   nobody, is signed in they are gone. */

const PAGES = "wellchat.pages."; // and whose they are: there is never more than one such cache
const NEWS = "?news"; // behind a page's path: what updates have brought since it was kept
const MAX_NEWS = 300;

const serially = newSerialQueue(); // all that changes what is kept
let clearCount = 0; // how often everything was; what was asked for before that is not kept after it

/* Does what it is given one after the other, whatever became of what was before; resolves, or not, as that does. */
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

/* `countBefore`: the value of `clearCount` when the page was asked for. */
async function storePage(path, response, countBefore) {
  const text = await response.text();
  const viewer = /<html[^>]*\sdata-viewer-id="([^"]+)"/.exec(text)?.[1];
  if (!viewer) return; // nobody's, or not a page of ours
  const headers = new Headers(response.headers);
  for (const name of ["Content-Encoding", "Content-Length", "Vary"]) headers.delete(name);
  headers.set("X-Kept-At", new Date().toISOString());
  headers.set("X-Kept-Version", /\/assets\/(\w+)\//.exec(text)?.[1] ?? "");
  return serially(async () => {
    if (countBefore !== clearCount) return;
    for (const name of await pageCaches()) if (name !== PAGES + viewer) await caches.delete(name);
    const cache = await caches.open(PAGES + viewer);
    await deleteEntry(cache, path); // so that it stands last, as the latest
    await cache.put(path, new Response(text, { headers }));
    const threads = (await cache.keys()).map(({ url }) => new URL(url)).filter(({ search, pathname }) => !search && pathname !== "/");
    for (const { pathname } of threads.slice(0, -self.wellchat.pages)) await deleteEntry(cache, pathname);
  });
}

async function deleteEntry(cache, path) {
  await cache.delete(path);
  await cache.delete(path + NEWS);
}

/* The server says that there is no such page for this person, any more. */
function removePage(path) {
  return serially(async () => {
    for (const name of await pageCaches()) await deleteEntry(await caches.open(name), path);
  });
}

/* The page as it was kept, marked as such; null where it was not. */
async function cachedPage({ pathname }) {
  await serially(() => {}); // what is being changed
  const [name] = await pageCaches();
  const page = name && (await (await caches.open(name)).match(pathname));
  return page ? withKeptTime(page, page.headers.get("X-Kept-At")) : null;
}

async function withKeptTime(page, at) {
  const text = (await page.text()).replace("<html", `<html data-kept="${at}"`);
  return new Response(text, { headers: page.headers });
}

/* What a page of `viewer` has heard: laid beside the pages that are kept. Words that were taken back do not stay in them. */
async function addNews({ viewer, threads = [], messages = [] }) {
  await serially(async () => {
    if (!(await caches.has(PAGES + viewer))) return;
    const cache = await caches.open(PAGES + viewer);
    if (threads.length) await mergeNews(cache, "/", threads, (thread) => thread.id);
    for (const id of new Set(messages.map((message) => message.thread_id))) {
      const here = messages.filter((message) => message.thread_id === id);
      await mergeNews(cache, `/threads/${id}`, here, (message) => message.seq);
    }
  });
  const touched = new Set(messages.filter((message) => message.deleted).map((message) => `/threads/${message.thread_id}`));
  for (const path of touched.size ? ["/", ...touched] : []) await refetch(path);
}

/* The page anew, or none of it. The server is told that nobody opens it. */
async function refetch(path) {
  if (!(await caches.match(path))) return;
  await fetchAndStore(path).catch(() => removePage(path));
}

async function fetchAndStore(path) {
  const countBefore = clearCount;
  const response = await fetch(path, { credentials: "same-origin", redirect: "error", headers: { "X-Purpose": "keep" } });
  if (!response.ok) throw new Error("no such page");
  await storePage(path, response, countBefore);
}

async function mergeNews(cache, path, fresh, keyOf) {
  if (!(await cache.match(path))) return;
  const known = (await (await cache.match(path + NEWS))?.json()) ?? [];
  const all = new Map([...known, ...fresh].map((one) => [keyOf(one), one]));
  await cache.put(path + NEWS, new Response(JSON.stringify([...all.values()].slice(-MAX_NEWS))));
}

/* Whether our own server says that nobody is signed in; a portal on the way may say what it likes. Forgets, if so. */
async function isSignedOut() {
  if (!(await pageCaches()).length) return false;
  const answer = await fetch("/api/me", { credentials: "same-origin", redirect: "error", cache: "no-store" });
  const ours = /\bjson\b/.test(answer.headers.get("Content-Type") ?? "");
  if (!ours) throw new Error("not our server");
  if (answer.status === 401) await clearPages();
  return answer.status === 401;
}
