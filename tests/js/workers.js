/* A service worker without a browser: its own files, run among fakes. */

import { readFileSync } from "node:fs";
import vm from "node:vm";

export const ORIGIN = "https://chat.example";

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

export function worker({ answer = () => new Response("{}"), pages = 3, paths: kept = ["/", "/threads/\\w+"], agent = "", registration = {} } = {}) {
  const heard = {};
  const caches = fakeCaches();
  const said = []; // to its registration
  const self = {
    wellchat: { version: "new", pages, paths: kept, shell: [] },
    location: { origin: ORIGIN },
    registration: { navigationPreload: { enable: () => said.push("preload"), disable: () => said.push("no preload") }, ...registration },
    clients: { claim() {} },
    navigator: { userAgent: agent, locks: { request: (_name, work) => work() } },
    addEventListener: (name, act) => (heard[name] = act),
    skipWaiting() {},
  };
  const sent = [];
  const fetch = async (address, options) => (sent.push({ address, ...options }), answer(address, options));
  const context = vm.createContext({ self, caches, fetch, Response, Headers, URL, Date, Map, Set, setTimeout, AbortSignal, console, Promise, Object, JSON, Error });
  for (const name of ["cache", "queue", "push", "fetch"]) {
    vm.runInContext(readFileSync(new URL(`../../wellchat/static/sw/${name}.js`, import.meta.url), "utf8"), context);
  }
  const paths = () => [...caches.all].flatMap(([name, held]) => (name.startsWith("wellchat.pages.") ? [...held.keys()].map((url) => url.slice(ORIGIN.length)) : []));
  return { context, caches, heard, said, sent, paths, owners: () => [...caches.all.keys()].filter((name) => name.startsWith("wellchat.pages.")) };
}

export const page = (viewer, { version = "new" } = {}) =>
  new Response(`<!doctype html>\n<html lang="en" data-viewer-id="${viewer}"><link href="/assets/${version}/css/a.css">words of ${viewer}`, {
    headers: { "Content-Type": "text/html", "Cache-Control": "no-store" },
  });
export const url = (path) => new URL(path, ORIGIN);
export const problem = (status) => new Response("{}", { status, headers: { "Content-Type": "application/problem+json" } });
