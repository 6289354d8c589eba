/* Messages that are not confirmed yet. Each is kept in the browser's storage under its client key until the server's response
   or an update confirms it, whichever comes first. Every attempt has the same key, so that no message arrives twice. */

import { ApiError } from "./api.js";
import { systemClock } from "./poller.js";
import { UserStorage } from "./user_storage.js";

const MAX_BACKOFF = 30_000;
const TIMEOUT = 20_000; // ms without a response after which an attempt ends; the same key makes another one harmless
const CONFIRM_WITHIN = 30_000; // ms within which the update must come for a message that another tab has sent
const PAYLOAD_FIELDS = ["body", "client_key", "subject", "reply_to", "attachments"]; // fields of an entry that are sent to the server

export class Outbox {
  #busy = new Set(); // threads that are being sent
  #pauses = new Map(); // thread id -> AbortController of the pause before the next attempt
  #sentElsewhere = new Map(); // client key -> until when we trust another tab that it sent this message
  #settled = new Set(); // client keys that arrived or were discarded: late events of other tabs do not bring them back
  #last = 0;

  /** `backgroundQueue` is the service worker's copy, see background_queue.js. `locks` is the browser's, or null. */
  constructor({ api, store, storage, viewerId, locks = null, backgroundQueue = null, clock = systemClock, random = Math.random, newKey = randomKey }) {
    Object.assign(this, { api, store, viewerId, locks, backgroundQueue, clock, random, newKey });
    this.stored = new UserStorage({ storage, prefix: `wellchat.outbox.${viewerId}.` });
    store.on(({ confirmed }) => confirmed.forEach(({ key }) => this.#forget(key)));
  }

  /** `fields` has the body and other PAYLOAD_FIELDS. Further fields may be kept for drawing the message. */
  send({ threadId, ...fields }) {
    this.#last = Math.max(this.#last + 1, this.clock.now(), ...this.#waiting().map(({ at }) => at + 1));
    const behind = this.#waiting(threadId).find(({ state }) => state === "waiting");
    const { state, reason } = behind ?? { state: "sending" };
    const entry = { ...fields, client_key: this.newKey(), thread_id: threadId, at: this.#last, state, reason };
    this.#save(entry);
    this.#pump(threadId);
    return entry;
  }

  /** Continues with messages that an earlier page could not send, in any thread. */
  resume() {
    this.#loadStored();
    this.sendNow();
    this.backgroundQueue?.all().then((held = []) => (this.#takeOver(held), held.length && this.sendNow()));
  }

  /** Ends the pauses, because the network is back. */
  sendNow() {
    this.#sentElsewhere.clear();
    new Set(this.#waiting().map((entry) => entry.thread_id)).forEach((id) => (this.#pauses.get(id)?.abort(), this.#pump(id)));
  }

  /** Handles a storage event: another tab wrote, sent or discarded a message. */
  onStorage(event) {
    const { key, value: entry } = this.stored.readEvent(event) ?? {};
    if (!key || this.#settled.has(key)) return;
    if (!entry) return this.#sentElsewhere.set(key, this.clock.now() + CONFIRM_WITHIN);
    this.#sentElsewhere.delete(key);
    if (entry.discarded) this.store.pending.has(key) && this.store.removePending(this.store.pending.get(key));
    else this.store.addPending(entry);
  }

  retry(key) {
    const entry = this.store.pending.get(key);
    if (!entry) return;
    this.#save({ ...entry, state: "sending", reason: null });
    this.#pauses.get(entry.thread_id)?.abort();
    this.#pump(entry.thread_id);
  }

  discard(key) {
    const entry = this.store.pending.get(key);
    if (entry) this.stored.put(key, { discarded: true }); // so that other tabs can tell it from a sent message
    this.#forget(key);
    if (entry) this.store.removePending(entry);
  }

  /** Deletes everything when the person signs out; an attempt that ends later stores nothing either. */
  clear() {
    this.stored.clear();
    this.backgroundQueue?.clear();
    this.backgroundQueue = null;
  }

  /** Sends one at a time and in order. A message waits for those before it, unless they were refused permanently. */
  async #pump(threadId) {
    if (this.#busy.has(threadId)) return;
    this.#busy.add(threadId);
    try {
      for (let attempts = 0; this.#next(threadId); ) {
        const pause = await this.#exclusively(threadId, () => this.#attempt(this.#next(threadId), attempts));
        attempts = pause ? attempts + 1 : 0;
        if (pause) await this.#wait(threadId, pause);
      }
    } finally {
      this.#busy.delete(threadId);
    }
  }

  /* Only one tab sends at a time, because messages of two tabs could otherwise arrive out of order. */
  async #exclusively(threadId, work) {
    let begun = false;
    const begin = () => ((begun = true), work());
    if (!this.locks) return begin();
    try {
      return await this.locks.request(`wellchat.send.${this.viewerId}.${threadId}`, begin);
    } catch (error) {
      if (begun) throw error;
      return begin(); // locks do not work here
    }
  }

  /** Resolves to the pause before another attempt in ms, or to 0 when this entry is finished. */
  async #attempt(entry, attempts) {
    if (!entry) return 0;
    const { thread_id: id, client_key: key } = entry;
    try {
      const data = await this.api.send("POST", `/threads/${id}/messages`, payload(entry), { signal: AbortSignal.timeout(TIMEOUT) });
      if (!data?.message?.seq) throw new ApiError(0); // the response is not from our server
      this.#confirm(key, data.message);
      return 0;
    } catch (error) {
      if (!this.store.pending.has(key)) return 0; // an update has confirmed it meanwhile
      if (error.temporary || error.name === "TimeoutError") {
        const all = this.#waiting(id); // the messages after it wait too
        all.forEach((one) => this.#save({ ...one, state: "waiting", reason: error.status || 0 }));
        return (error.retryAfter ?? Math.min(MAX_BACKOFF, 1000 * 2 ** attempts) / 1000) * 1000 * (0.75 + this.random() / 2);
      }
      this.#save({ ...entry, state: "failed", reason: error.message });
      return 0;
    }
  }

  #confirm(key, message) {
    try {
      this.store.apply({ messages: [{ ...message, client_key: key }] });
    } catch (error) {
      console.error(error); // an error while drawing it must not send it again
    }
    this.#forget(key);
    if (this.store.pending.has(key)) this.store.removePending(this.store.pending.get(key)); // otherwise it would be sent again and again
  }

  async #wait(threadId, ms) {
    const pause = new AbortController();
    this.#pauses.set(threadId, pause);
    await this.clock.sleep(ms, pause.signal);
    this.#pauses.delete(threadId);
  }

  #next(threadId) {
    this.#loadStored();
    const done = (key) => this.#sentElsewhere.get(key) > this.clock.now();
    return this.#waiting(threadId).find(({ client_key: key }) => !done(key));
  }

  /** Returns the messages that wait, in order; of one thread, or of all. */
  #waiting(threadId) {
    const waiting = [...this.store.pending.values()].filter((e) => e.state !== "failed" && (!threadId || e.thread_id === threadId));
    return waiting.sort(inOrder);
  }

  /* Takes over messages of other tabs and earlier pages of this person. */
  #loadStored() {
    this.#takeOver(this.stored.all());
  }

  #takeOver(entries) {
    const known = (key) => this.store.pending.has(key) || this.#settled.has(key);
    for (const entry of entries.filter(({ client_key: key }) => key && !known(key)).sort(inOrder)) {
      if (entry.state === "waiting") this.backgroundQueue?.mayHold(entry.client_key);
      this.store.addPending(entry);
    }
  }

  #save(entry) {
    const kept = this.stored.put(entry.client_key, entry);
    if (entry.state === "waiting") this.#copy(entry, { alone: !kept });
    else if (entry.state === "failed") this.backgroundQueue?.remove(entry.client_key);
    this.store.addPending(entry);
  }

  async #copy(entry, options) {
    const held = await this.backgroundQueue?.put({ ...entry, payload: payload(entry) }, options);
    if (held) this.stored.isKept(entry.client_key);
  }

  #forget(key) {
    this.#settled.add(key);
    this.stored.remove(key);
    this.backgroundQueue?.remove(key);
  }
}

const inOrder = (a, b) => a.at - b.at || (a.client_key < b.client_key ? -1 : 1);

function payload({ attachments = [], ...entry }) {
  const known = { ...entry, attachments: attachments.length ? attachments.map(({ id }) => id) : null };
  return Object.fromEntries(PAYLOAD_FIELDS.map((name) => [name, known[name]]).filter(([, value]) => value !== undefined && value !== null));
}

/** Returns 128 random bits in hex. Unlike crypto.randomUUID, this works over plain HTTP too. */
export function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
