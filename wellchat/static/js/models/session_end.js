/* What this browser keeps of a person's words goes when their session is over, wherever it was ended. */

import { forgetAll } from "../lib/keeping.js";
import { WORDS } from "../lib/storage.js";
import { QUEUE } from "./background_queue.js";

const PAGES = "wellchat.pages.";
const LOST = "wellchat.lost"; // in the tab's storage: something unsent was deleted, and the next page says so

export class SessionEnd {
  /** `viewerId` is the person of this page, "" if nobody is signed in. `caches` may be missing. */
  constructor({ fetch, viewerId, storage, session, caches }) {
    Object.assign(this, { fetch, viewerId, storage, session, caches, ranOut: false });
  }

  /** Asks who is signed in, and deletes what is kept if this person is not. Resolves to whether their session is over. Without
      a response of our server it counts as going on. If it ended by time alone, `ranOut` is true, and words stay. */
  async check() {
    const over = await this.#isOver().catch(() => false);
    if (over && this.ranOut) await this.#forgetPages((name) => name.startsWith(PAGES));
    else if (over) await this.forget();
    return over;
  }

  /** Deletes the words of the person, or of everybody if nobody is signed in, and the kept pages. */
  async forget() {
    const gone = this.#names().filter((name) => !this.viewerId || name.startsWith(owned(name) + this.viewerId));
    if (gone.some((name) => !name.startsWith("wellchat.recent."))) this.session.setItem(LOST, "1");
    gone.forEach((name) => this.storage.removeItem(name));
    forgetAll();
    await this.#forgetPages((name) => name === QUEUE || name.startsWith(PAGES));
  }

  /** Deletes the words of others: their session in this browser ended when this person signed in. */
  forgetOthers() {
    const others = this.#names().filter((name) => !name.startsWith(owned(name) + this.viewerId));
    others.forEach((name) => this.storage.removeItem(name));
  }

  /** Tells whether words of anybody are kept. */
  hasWords() {
    return this.#names().length > 0;
  }

  /** Returns, once, whether words that were not sent have been deleted. */
  takeLoss() {
    const lost = this.session.getItem(LOST) !== null;
    this.session.removeItem(LOST);
    return lost;
  }

  async #forgetPages(meant) {
    const kept = (await this.caches?.keys().catch(() => [])) ?? [];
    await Promise.all(kept.filter(meant).map((name) => this.caches.delete(name)));
  }

  async #isOver() {
    // Neither a redirect nor a cache can say whether the session goes on.
    const options = { credentials: "same-origin", redirect: "error", cache: "no-store", headers: { Accept: "application/json" } };
    const answer = await this.fetch("/api/me", options);
    if (!/\bjson\b/.test(answer.headers.get("Content-Type") ?? "")) return false; // a portal of the network
    this.ranOut = answer.headers.get("X-Session-End") === "time";
    if (answer.status === 401) return true;
    return answer.ok && Boolean(this.viewerId) && (await answer.json()).user.id !== this.viewerId;
  }

  #names() {
    const names = Array.from({ length: this.storage.length }, (_, i) => this.storage.key(i));
    return names.filter((name) => WORDS.some((prefix) => name.startsWith(prefix)));
  }
}

const owned = (name) => WORDS.find((prefix) => name.startsWith(prefix));
