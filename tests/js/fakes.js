/* A network, a clock and a storage that tests hold in their hands. */

import { ApiError } from "../../wellchat/static/js/models/api.js";

/** Time that moves only when told; sleepers wake in order. */
export class FakeClock {
  time = 1_000_000;
  #sleepers = [];

  now = () => this.time;

  sleep = (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const sleeper = { at: this.time + ms, ms, resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => this.#wake(sleeper), { once: true });
    });

  get pauses() {
    return this.#sleepers.map(({ ms }) => ms);
  }

  async pass(ms) {
    this.time += ms;
    for (const sleeper of this.#sleepers.filter(({ at }) => at <= this.time)) this.#wake(sleeper);
    await settle();
  }

  #wake(sleeper) {
    this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
    sleeper.resolve();
  }
}

/** Lets everything that is ready run. */
export async function settle() {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

/** An Api whose answers the test gives, one request at a time. */
export class FakeApi {
  requests = [];

  request = (method, path, { query, body, signal } = {}) =>
    new Promise((resolve, reject) => {
      const request = { method, path, query, body, signal, open: true };
      const close = (act) => (value) => {
        request.open = false;
        act(value);
        return settle();
      };
      request.answer = close(({ status = 200, data = null, headers = {} }) => resolve({ status, data, headers: new Headers(headers) }));
      request.refuse = close(({ status = 0, problem = {}, retryAfter = null }) => reject(new ApiError(status, problem, retryAfter)));
      signal?.addEventListener("abort", () => close(reject)(new DOMException("", "AbortError")));
      this.requests.push(request);
    });

  send = (method, path, body) => this.request(method, path, { body }).then(({ data }) => data);

  get = (path, query) => this.request("GET", path, { query }).then(({ data }) => data);

  get last() {
    return this.requests.at(-1);
  }
}

export class FakeStorage {
  #items = new Map();

  get length() {
    return this.#items.size;
  }

  key = (index) => [...this.#items.keys()][index] ?? null;
  getItem = (name) => this.#items.get(name) ?? null;
  setItem = (name, value) => this.#items.set(name, String(value));
  removeItem = (name) => this.#items.delete(name);
}

export const ME = "me";
export const YOU = "you";

export function message(seq, more = {}) {
  return { thread_id: "t", seq, sender_id: YOU, body: `message ${seq}`, edited_at: null, deleted: false, ...more };
}

export function thread(more = {}) {
  return { id: "t", last_seq: 1, unread: 0, last_read_seq: 0, other_read_seq: 0, other_delivered_seq: 0, ...more };
}
