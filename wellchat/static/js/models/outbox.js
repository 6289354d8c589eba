/* Messages that have not been seen to arrive. Each is kept in the browser's storage under its client key until the server's
   answer or an update shows it, whichever comes first; the same key goes with every attempt, so none arrives twice. */

import { forget } from "./drafts.js";
import { systemClock } from "./poller.js";

const LONGEST = 30_000;

export class Outbox {
  #busy = new Set(); // threads being worked on
  #pauses = new Map(); // thread id -> AbortController of the pause before the next attempt
  #last = 0;

  constructor({ api, store, storage, viewerId, clock = systemClock, random = Math.random, newKey = randomKey }) {
    Object.assign(this, { api, store, storage, clock, random, newKey });
    this.prefix = `wellchat.outbox.${viewerId}.`;
    store.on(({ confirmed }) => confirmed.forEach(({ key }) => this.#forget(key)));
  }

  /** quote: what of the answered message is drawn until the server's state of it comes. */
  send({ threadId, body, subject = null, replyTo = null, quote = null, attachments = [] }) {
    this.#last = Math.max(this.#last + 1, this.clock.now());
    const entry = { client_key: this.newKey(), thread_id: threadId, body, subject, reply_to: replyTo, quote, attachments, at: this.#last, state: "sending" };
    this.#keep(entry);
    this.#pump(threadId);
    return entry;
  }

  /** Goes on with what an earlier page could not finish. */
  resume() {
    for (const entry of this.#kept()) this.#keep({ ...entry, state: entry.state === "failed" ? "failed" : "sending" });
    this.#threads().forEach((id) => this.#pump(id));
  }

  /** The network is back: no reason to wait any longer. */
  wake() {
    this.#threads().forEach((id) => (this.#pauses.get(id)?.abort(), this.#pump(id)));
  }

  retry(key) {
    const entry = this.store.pending.get(key);
    if (!entry) return;
    this.#keep({ ...entry, state: "sending", reason: null });
    this.#pauses.get(entry.thread_id)?.abort();
    this.#pump(entry.thread_id);
  }

  discard(key) {
    const entry = this.store.pending.get(key);
    this.#forget(key);
    if (entry) this.store.drop(entry);
  }

  /** Whoever signs out leaves nothing of theirs behind in this browser, nor does an attempt that ends later. */
  clear() {
    forget(this.storage, this.prefix);
    this.storage = null;
  }

  /** One at a time and in order: what comes later waits for what came before, unless that was refused for good. */
  async #pump(threadId) {
    if (this.#busy.has(threadId)) return;
    this.#busy.add(threadId);
    try {
      let attempts = 0;
      for (let entry = this.#next(threadId); entry; entry = this.#next(threadId)) {
        const pause = await this.#attempt(entry, attempts);
        attempts = pause ? attempts + 1 : 0;
        if (pause) await this.#wait(threadId, pause);
      }
    } finally {
      this.#busy.delete(threadId);
    }
  }

  /** Resolves to the pause before another attempt, 0 when this entry is done with. */
  async #attempt(entry, attempts) {
    const { thread_id: id, body, client_key: key, subject, reply_to, attachments } = entry;
    try {
      const files = attachments?.length && { attachments: attachments.map((file) => file.id) };
      const more = { ...(subject && { subject }), ...(reply_to && { reply_to }), ...files };
      const data = await this.api.send("POST", `/threads/${id}/messages`, { body, client_key: key, ...more });
      this.#arrived(key, data.message);
      return 0;
    } catch (error) {
      if (!this.store.pending.has(key)) return 0; // an update has shown it meanwhile
      if (error.passing) {
        this.#keep({ ...entry, state: "waiting", reason: error.status });
        return (error.retryAfter ?? Math.min(LONGEST, 1000 * 2 ** attempts) / 1000) * 1000 * (0.75 + this.random() / 2);
      }
      this.#keep({ ...entry, state: "failed", reason: error.message });
      return 0;
    }
  }

  #arrived(key, message) {
    try {
      this.store.apply({ messages: [{ ...message, client_key: key }] });
    } catch (error) {
      console.error(error); // a fault in showing it must not send it again
    }
    this.#forget(key);
  }

  async #wait(threadId, ms) {
    const pause = new AbortController();
    this.#pauses.set(threadId, pause);
    await this.clock.sleep(ms, pause.signal);
    this.#pauses.delete(threadId);
  }

  #next(threadId) {
    const waiting = [...this.store.pending.values()].filter((e) => e.thread_id === threadId && e.state !== "failed");
    return waiting.sort((a, b) => a.at - b.at)[0];
  }

  #threads() {
    return new Set([...this.store.pending.values()].map((entry) => entry.thread_id));
  }

  #keep(entry) {
    try {
      this.storage?.setItem(this.prefix + entry.client_key, JSON.stringify(entry));
    } catch {
      // storage full or forbidden: the message still goes out, it only would not survive a reload
    }
    this.store.pend(entry);
  }

  #forget(key) {
    this.storage?.removeItem(this.prefix + key);
  }

  #kept() {
    const found = [];
    for (let i = 0; i < (this.storage?.length ?? 0); i++) {
      const name = this.storage.key(i);
      if (name.startsWith(this.prefix)) found.push(JSON.parse(this.storage.getItem(name)));
    }
    return found.sort((a, b) => a.at - b.at);
  }
}

/** 128 random bits; unlike crypto.randomUUID, also where the page came over plain HTTP. */
export function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
