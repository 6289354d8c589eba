/* Searching while somebody types: a moment after the last key, one question at a time, and only the latest answer counts. */

import { t } from "../lib/words.js";

const PAUSE = 180; // ms after the last key
const PATIENCE = 300; // ms before "Searching…" is worth showing

export class Finder {
  #asked = 0;
  #asking = null;
  #timers = [];

  /** `ask(words, signal)` answers; `show({state, words, answer, error})` draws idle, waiting, found or failed. */
  constructor({ ask, show, setTimer = (act, ms) => setTimeout(act, ms), clearTimer = (timer) => clearTimeout(timer) }) {
    Object.assign(this, { ask, show, setTimer, clearTimer });
  }

  type(text) {
    const words = text.trim();
    if (words === this.words) return;
    this.stop();
    this.words = words;
    if (!words) return this.show({ state: "idle", words });
    this.#timers.push(this.setTimer(() => this.#search(words), PAUSE));
  }

  /** The same again, after it failed. */
  again() {
    const { words } = this;
    this.stop();
    this.words = words;
    if (words) this.#search(words);
  }

  stop() {
    this.#asked += 1; // what is under way answers nobody
    this.#asking?.abort();
    this.#timers.splice(0).forEach((timer) => this.clearTimer(timer));
    this.words = null;
  }

  async #search(words) {
    const mine = this.#asked;
    const current = () => mine === this.#asked;
    this.#asking = new AbortController();
    const slow = this.setTimer(() => current() && this.show({ state: "waiting", words }), PATIENCE);
    this.#timers.push(slow);
    try {
      const answer = await this.ask(words, this.#asking.signal);
      if (current()) this.show({ state: "found", words, answer });
    } catch (error) {
      if (current()) this.show({ state: "failed", words, error });
    } finally {
      this.clearTimer(slow);
    }
  }
}

/** Why there is nothing, in words that help. */
export function trouble({ status, retryAfter, message }) {
  if (status === 0) return t("You seem to be offline. What you look for is found when you are back.");
  if (status === 429) return t("That was a lot at once. Try again in %(num)s s.", { num: Math.max(1, Math.round(retryAfter ?? 1)) });
  if (status === 422) return message;
  return t("The server is not answering. Try again in a moment.");
}

/** Stretches for one short line: what stands before the first match gives way to it. */
export function near(found, room = 18) {
  const [[before, hit] = ["", true], ...rest] = found;
  const characters = [...before];
  if (hit || !rest.length || characters.length <= room) return found;
  const kept = characters.slice(-room).join("");
  return [[`…${kept.slice(kept.indexOf(" ") + 1)}`, false], ...rest];
}

/** The excerpt in stretches: [text, whether it matches]. Its marks count characters, not the halves of one. */
export function stretches(excerpt, marks) {
  const characters = [...excerpt];
  const cut = (from, to) => characters.slice(from, to).join("");
  const found = [];
  let at = 0;
  for (const [from, to] of marks) {
    found.push([cut(at, from), false], [cut(from, to), true]);
    at = to;
  }
  return [...found, [cut(at), false]].filter(([text]) => text);
}
