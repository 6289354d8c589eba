/* The service worker, what is kept: the inbox and the conversations last opened, as they were when the network last brought
   them, and what was heard since. They belong to one person; the moment somebody else, or nobody, is signed in they are gone. */

const PAGES = "wellchat.pages."; // and whose they are: there is never more than one such cache
const NEWS = "?news"; // behind a page's path: what updates have brought since it was kept
const MOST_NEWS = 300;

const inLine = newLine(); // all that changes what is kept
let forgotten = 0; // how often everything was; what was asked for before that is not kept after it

/* Does what it is given one after the other, whatever became of what was before; resolves, or not, as that does. */
function newLine() {
  let last = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
}

function keeps({ pathname, search }) {
  return self.wellchat.pages > 0 && (pathname === "/" ? !search : /^\/threads\/\w+$/.test(pathname));
}

async function pageCaches() {
  return (await caches.keys()).filter((name) => name.startsWith(PAGES));
}

function forget() {
  forgotten += 1;
  return inLine(async () => {
    for (const name of await pageCaches()) await caches.delete(name);
  });
}

/* `began`: what `forgotten` was when the page was asked for. */
async function keep(path, response, began) {
  const text = await response.text();
  const viewer = /<html[^>]*\sdata-viewer-id="([^"]+)"/.exec(text)?.[1];
  if (!viewer) return; // nobody's, or not a page of ours
  const headers = new Headers(response.headers);
  for (const name of ["Content-Encoding", "Content-Length", "Vary"]) headers.delete(name);
  headers.set("X-Kept-At", new Date().toISOString());
  headers.set("X-Kept-Version", /\/assets\/(\w+)\//.exec(text)?.[1] ?? "");
  return inLine(async () => {
    if (began !== forgotten) return;
    for (const name of await pageCaches()) if (name !== PAGES + viewer) await caches.delete(name);
    const cache = await caches.open(PAGES + viewer);
    await take(cache, path); // so that it stands last, as the latest
    await cache.put(path, new Response(text, { headers }));
    const threads = (await cache.keys()).map(({ url }) => new URL(url)).filter(({ search, pathname }) => !search && pathname !== "/");
    for (const { pathname } of threads.slice(0, -self.wellchat.pages)) await take(cache, pathname);
  });
}

async function take(cache, path) {
  await cache.delete(path);
  await cache.delete(path + NEWS);
}

/* The server says that there is no such page for this person, any more. */
function drop(path) {
  return inLine(async () => {
    for (const name of await pageCaches()) await take(await caches.open(name), path);
  });
}

/* The page as it was kept, marked as such; null where it was not. */
async function kept({ pathname }) {
  await inLine(() => {}); // what is being changed
  const [name] = await pageCaches();
  const page = name && (await (await caches.open(name)).match(pathname));
  return page ? marked(page, page.headers.get("X-Kept-At")) : null;
}

async function marked(page, at) {
  const text = (await page.text()).replace("<html", `<html data-kept="${at}"`);
  return new Response(text, { headers: page.headers });
}

/* What a page of `viewer` has heard: laid beside the pages that are kept. Words that were taken back do not stay in them. */
async function hear({ viewer, threads = [], messages = [] }) {
  await inLine(async () => {
    if (!(await caches.has(PAGES + viewer))) return;
    const cache = await caches.open(PAGES + viewer);
    if (threads.length) await fold(cache, "/", threads, (thread) => thread.id);
    for (const id of new Set(messages.map((message) => message.thread_id))) {
      const here = messages.filter((message) => message.thread_id === id);
      await fold(cache, `/threads/${id}`, here, (message) => message.seq);
    }
  });
  const touched = new Set(messages.filter((message) => message.deleted).map((message) => `/threads/${message.thread_id}`));
  for (const path of touched.size ? ["/", ...touched] : []) await refresh(path);
}

/* The page anew, or none of it. The server is told that nobody opens it. */
async function refresh(path) {
  if (!(await caches.match(path))) return;
  await fetchAndKeep(path).catch(() => drop(path));
}

async function fetchAndKeep(path) {
  const began = forgotten;
  const response = await fetch(path, { credentials: "same-origin", redirect: "error", headers: { "X-Purpose": "keep" } });
  if (!response.ok) throw new Error("no such page");
  await keep(path, response, began);
}

async function fold(cache, path, fresh, keyOf) {
  if (!(await cache.match(path))) return;
  const known = (await (await cache.match(path + NEWS))?.json()) ?? [];
  const all = new Map([...known, ...fresh].map((one) => [keyOf(one), one]));
  await cache.put(path + NEWS, new Response(JSON.stringify([...all.values()].slice(-MOST_NEWS))));
}

/* Whether our own server says that nobody is signed in; a portal on the way may say what it likes. Forgets, if so. */
async function isSignedOut() {
  if (!(await pageCaches()).length) return false;
  const answer = await fetch("/api/me", { credentials: "same-origin", redirect: "error", cache: "no-store" });
  const ours = /\bjson\b/.test(answer.headers.get("Content-Type") ?? "");
  if (!ours) throw new Error("not our server");
  if (answer.status === 401) await forget();
  return answer.status === 401;
}
