/* Searches while a person types: a moment after the last key, one request at a time; only the latest response counts. */

import { t } from "../lib/i18n.js";

const DEBOUNCE = 180; // ms after the last key
const INDICATOR_DELAY = 300; // ms before "Searching…" is worth showing

export class SearchSession {
  #latest = 0;
  #controller = null;
  #timers = [];

  /** `ask(query, signal)` resolves to the answer; `show({state, query, answer, error})` draws idle, waiting, found or failed. */
  constructor({ ask, show, setTimer = (act, ms) => setTimeout(act, ms), clearTimer = (timer) => clearTimeout(timer) }) {
    Object.assign(this, { ask, show, setTimer, clearTimer });
  }

  type(text) {
    const query = text.trim();
    if (query === this.query) return;
    this.stop();
    this.query = query;
    if (!query) return this.show({ state: "idle", query });
    this.#timers.push(this.setTimer(() => this.#search(query), DEBOUNCE));
  }

  /** Searches again after a failure. */
  retry() {
    const { query } = this;
    this.stop();
    this.query = query;
    if (query) this.#search(query);
  }

  stop() {
    this.#latest += 1; // ignore responses that are under way
    this.#controller?.abort();
    this.#timers.splice(0).forEach((timer) => this.clearTimer(timer));
    this.query = null;
  }

  async #search(query) {
    const mine = this.#latest;
    const current = () => mine === this.#latest;
    this.#controller = new AbortController();
    const slow = this.setTimer(() => current() && this.show({ state: "waiting", query }), INDICATOR_DELAY);
    this.#timers.push(slow);
    try {
      const answer = await this.ask(query, this.#controller.signal);
      if (current()) this.show({ state: "found", query, answer });
    } catch (error) {
      if (current()) this.show({ state: "failed", query, error });
    } finally {
      this.clearTimer(slow);
    }
  }
}

/** Returns a sentence for a failed search. */
export function errorMessage({ status, retryAfter, message }) {
  if (status === 0) return t("You seem to be offline. Your search will run when you are back.");
  if (status === 429) return t("Too many searches. Try again in %(num)s s.", { num: Math.max(1, Math.round(retryAfter ?? 1)) });
  if (status === 422) return message;
  return t("The server is not answering. Try again in a moment.");
}

/** Returns the segments for one short line: the text before the first match is shortened. */
export function trimBefore(found, room = 18) {
  const [[before, hit] = ["", true], ...rest] = found;
  const characters = [...before];
  if (hit || !rest.length || characters.length <= room) return found;
  const kept = characters.slice(-room).join("");
  return [[`…${kept.slice(kept.indexOf(" ") + 1)}`, false], ...rest];
}

/** Returns the excerpt in segments [text, whether it matches]. Marks count characters, not code units. */
export function segments(excerpt, marks) {
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
