/* Shows the pages of this site inside the frame, one at a time, each in a window of its own below this one: with the window
   goes everything of its page, its requests and its pictures. */

import { Memory } from "../js/lib/memory.js";
import { height } from "./height.js";
import { download, followLinks, leave } from "./ways.js";

const PLACES = [/^\/$/, /^\/threads\/[^/]+$/]; // what a frame shows itself
const FIRST = [".shell--thread textarea:not([readonly])", ".conversation a", "main"]; // what gets the focus
const COMING = "embed__view--coming";
const QUICK = 100; // ms in which the focus comes from the page around
const SOON = 1000; // ms in which it goes

export class Stage {
  #window = null; // the <iframe> of the page
  #before = null; // the one before it, which stays to be seen until this one is drawn: {window, path}
  #told = "";
  #hadFocus = false; // when the page was opened
  ready = null; // what to say once the first page is there

  /** fail(code) says that a page is not there. */
  constructor({ door, kind, title, fail }) {
    Object.assign(this, { door, kind, title, fail });
    this.forget();
  }

  /** Shows a page; what a frame does not show opens in a window of its own. */
  go(path) {
    const { pathname, search, hash } = new URL(path, location.origin);
    if (!PLACES.some((place) => place.test(pathname))) return leave(this.door, path);
    if (this.kind === "thread" && pathname === "/") return this.path && this.go(this.path); // it has no list
    this.#hadFocus = document.hasFocus();
    this.#leavePage();
    this.path = path;
    const window = document.createElement("iframe");
    Object.assign(window, { className: `embed__view ${COMING}`, title: this.title, allow: "clipboard-write; fullscreen" });
    window.dataset.path = path;
    window.src = `/embed/view${search}${hash}`;
    this.#window = window;
    document.body.append(window);
  }

  /* The page stays to be seen until the next one is drawn; one that was not drawn itself goes. */
  #leavePage() {
    if (this.#window?.classList.contains(COMING)) return this.#window.remove();
    this.#before?.window.remove();
    this.#before = this.#window && { window: this.#window, path: this.path };
    if (this.#before) this.#before.window.inert = true;
  }

  /** Takes away the page, and all that is known of the person: what they wrote, and did not send. */
  forget() {
    this.#before?.window.remove();
    this.#window?.remove();
    [this.#window, this.#before, this.path, this.ready, this.#told] = [null, null, null, null, ""];
    this.storages = { localStorage: new Memory(), sessionStorage: new Memory() };
  }

  get inner() {
    return this.#window?.contentWindow ?? null;
  }

  /** Returns what the page in `window` stands in: see js/lib/surroundings.js. */
  surroundings(window) {
    const pictures = new Map(); // address -> Promise of the blob's address
    const fetch = (url, options) => this.door.fetch((...all) => window.fetch(...all), below(url), options);
    return {
      fetch,
      storages: this.storages,
      authorize: (xhr) => this.door.authorize(xhr),
      go: (path) => this.go(path),
      hadFocus: () => this.#hadFocus,
      reload: () => this.path && location.reload(),
      picture(url) {
        if (!pictures.has(url)) pictures.set(url, blobOf(window, fetch, url));
        return pictures.get(url);
      },
      started: (app) => this.#started(window, app),
    };
  }

  /** Resolves to the page to be shown, as text; null if there is none. */
  async page(window) {
    const options = { headers: { Accept: "text/html" }, cache: "no-store" };
    const { fetch } = this.surroundings(window);
    const { path } = window.frameElement.dataset;
    for (let pause = 1; ; pause = Math.min(30, pause * 2)) {
      const answer = await fetch(path, options).catch(() => null);
      if (answer?.redirected) return this.#led(window, answer.url);
      if (answer?.ok) return answer.text();
      if (answer?.status === 401) return null; // the door has stopped, and says so
      if (answer && answer.status < 500 && answer.status !== 429) return this.#missing();
      await new Promise((resolve) => window.setTimeout(resolve, pause * 1000));
    }
  }

  /* The page leads on, such as to a person's one conversation: that one is shown, under its own path. */
  #led(window, url) {
    const { pathname, search } = new URL(url);
    if (window === this.inner) this.go(pathname.slice("/embed".length) + search);
    return null;
  }

  /* The page is not there, or not theirs: the one before it stays. */
  #missing() {
    this.#window.remove();
    [this.#window, this.path] = [this.#before?.window ?? null, this.#before?.path ?? null];
    if (this.#before) this.#before.window.inert = false;
    this.#before = null;
    this.fail("not-found");
    return null;
  }

  #started(window, app) {
    if (window !== this.inner) return;
    this.#before?.window.remove();
    this.#before = null;
    this.#window.classList.remove(COMING);
    followLinks(this, window);
    this.dress();
    if (this.ready) this.door.post("ready", this.ready);
    this.ready = null;
    this.door.post("title", { title: this.title });
    const [, , thread = null] = new URL(this.path, location.origin).pathname.split("/");
    this.door.post("navigate", { page: thread ? "thread" : "inbox", thread });
    const tell = ({ messages, notifications }) => {
      const unread = { messages, notifications };
      if (this.#told === JSON.stringify(unread)) return;
      this.#told = JSON.stringify(unread);
      this.door.post("unread", unread);
    };
    tell(app.store.unread);
    app.store.on(() => tell(app.store.unread));
    const measure = height(window, (pixels) => this.door.post("height", { height: pixels }));
    app.store.on(measure);
  }

  /** Gives the page the theme of the frame. */
  dress(window = this.inner) {
    const page = window?.document.documentElement;
    if (!page) return;
    const { theme, accentHue } = document.documentElement.dataset;
    page.dataset.frame = this.kind;
    if (theme) page.dataset.theme = theme;
    else delete page.dataset.theme;
    if (accentHue !== undefined) page.className = page.className.replace(/\baccent-\d+/, `accent-${Math.floor(accentHue / 10)}`);
  }

  focus({ focusVisible = true } = {}) {
    const act = () => {
      this.#window?.focus();
      const page = this.inner?.document;
      const first = FIRST.map((place) => page?.querySelector(place)).find(Boolean);
      first?.focus();
      // A browser that saw no key or press in the frame draws a ring, however the person came.
      if (!focusVisible && first) first.dataset.quiet = "";
      for (const end of ["keydown", "blur"]) first?.addEventListener(end, () => delete first.dataset.quiet, { once: true });
    };
    act();
    // The page around gives its frame the focus just before, and the message may be faster.
    setTimeout(() => document.hasFocus() && !this.inner?.document.hasFocus() && act(), QUICK);
  }

  blur() {
    const act = () => {
      if (!document.hasFocus()) return;
      this.inner?.document.activeElement?.blur();
      document.activeElement?.blur();
    };
    // The page around gives the focus to what is in it. In Chromium, blur() would take it back if it came at the same time.
    setTimeout(act, SOON);
  }

  download(path) {
    download(this.door, path);
  }
}

/* Pages and pictures are fetched below /embed: see SHOWN in wellchat/embed/pages.py. */
function below(url) {
  const { pathname, search } = new URL(url, location.origin);
  return pathname.startsWith("/api/") ? url : `/embed${pathname}${search}`;
}

async function blobOf(window, fetch, url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(String(answer.status));
  return window.URL.createObjectURL(await answer.blob());
}
