/* Messages that have not been seen to arrive. Each is kept in the browser's storage under its client key until the server's
   answer or an update shows it, whichever comes first; the same key goes with every attempt, so none arrives twice. */

import { ApiError } from "./api.js";
import { systemClock } from "./poller.js";
import { UserStorage } from "./user_storage.js";

const MAX_BACKOFF = 30_000;
const TIMEOUT = 20_000; // ms without an answer after which an attempt is given up; the same key makes another one harmless
const CONFIRM_WITHIN = 30_000; // ms in which the update must come that tells of what another tab has sent
const PAYLOAD_FIELDS = ["body", "client_key", "subject", "reply_to", "attachments"]; // what of an entry the server is told

export class Outbox {
  #busy = new Set(); // threads being worked on
  #pauses = new Map(); // thread id -> AbortController of the pause before the next attempt
  #sentElsewhere = new Map(); // client key -> until when another tab's word counts that this one is done with
  #settled = new Set(); // client keys that arrived or were discarded: another tab's late word brings none back
  #last = 0;

  /** `backgroundQueue`: where the service worker finds what waits, see background_queue.js. `locks`: the browser's, or null. */
  constructor({ api, store, storage, viewerId, locks = null, backgroundQueue = null, clock = systemClock, random = Math.random, newKey = randomKey }) {
    Object.assign(this, { api, store, viewerId, locks, backgroundQueue, clock, random, newKey });
    this.stored = new UserStorage({ storage, prefix: `wellchat.outbox.${viewerId}.` });
    store.on(({ confirmed }) => confirmed.forEach(({ key }) => this.#forget(key)));
  }

  /** `fields`: body, and what else of PAYLOAD_FIELDS there is; further things may be kept with it, for drawing it. */
  send({ threadId, ...fields }) {
    this.#last = Math.max(this.#last + 1, this.clock.now(), ...this.#waiting().map(({ at }) => at + 1));
    const behind = this.#waiting(threadId).find(({ state }) => state === "waiting");
    const { state, reason } = behind ?? { state: "sending" };
    const entry = { ...fields, client_key: this.newKey(), thread_id: threadId, at: this.#last, state, reason };
    this.#save(entry);
    this.#pump(threadId);
    return entry;
  }

  /** Goes on with what an earlier page could not finish, in whichever thread. */
  resume() {
    this.#loadStored();
    this.sendNow();
  }

  /** The network is back: no reason to wait any longer. */
  sendNow() {
    this.#sentElsewhere.clear();
    new Set(this.#waiting().map((entry) => entry.thread_id)).forEach((id) => (this.#pauses.get(id)?.abort(), this.#pump(id)));
  }

  /** Another tab wrote, sent or discarded something: a storage event. */
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
    if (entry) this.stored.put(key, { discarded: true }); // so that other tabs can tell it from one that was sent
    this.#forget(key);
    if (entry) this.store.removePending(entry);
  }

  /** Whoever signs out leaves nothing of theirs behind in this browser, nor does an attempt that ends later. */
  clear() {
    this.stored.clear();
    this.backgroundQueue?.clear();
    this.backgroundQueue = null;
  }

  /** One at a time and in order: what comes later waits for what came before, unless that was refused for good. */
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

  /* One tab of the browser at a time, or what was written in two of them could arrive out of order. */
  async #exclusively(threadId, work) {
    let begun = false;
    const begin = () => ((begun = true), work());
    if (!this.locks) return begin();
    try {
      return await this.locks.request(`wellchat.send.${this.viewerId}.${threadId}`, begin);
    } catch (error) {
      if (begun) throw error;
      return begin(); // no locks to be had here
    }
  }

  /** Resolves to the pause before another attempt, 0 when this entry is done with. */
  async #attempt(entry, attempts) {
    if (!entry) return 0;
    const { thread_id: id, client_key: key } = entry;
    try {
      const data = await this.api.send("POST", `/threads/${id}/messages`, payload(entry), { signal: AbortSignal.timeout(TIMEOUT) });
      if (!data?.message?.seq) throw new ApiError(0); // whoever answered, it was not our server
      this.#confirm(key, data.message);
      return 0;
    } catch (error) {
      if (!this.store.pending.has(key)) return 0; // an update has shown it meanwhile
      if (error.temporary || error.name === "TimeoutError") {
        const all = this.#waiting(id); // what comes after it waits with it
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
      console.error(error); // a fault in showing it must not send it again
    }
    this.#forget(key);
    if (this.store.pending.has(key)) this.store.removePending(this.store.pending.get(key)); // or it would go out for ever
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

  /** What has yet to go out, in order; of one thread, or of all. */
  #waiting(threadId) {
    const waiting = [...this.store.pending.values()].filter((e) => e.state !== "failed" && (!threadId || e.thread_id === threadId));
    return waiting.sort(inOrder);
  }

  /* What other tabs and earlier pages of this person have written is this one's to send as well. */
  #loadStored() {
    const known = (key) => this.store.pending.has(key) || this.#settled.has(key);
    for (const entry of this.stored.all().filter(({ client_key: key }) => key && !known(key)).sort(inOrder)) {
      if (entry.state === "waiting") this.backgroundQueue?.mayHold(entry.client_key);
      this.store.addPending(entry);
    }
  }

  #save(entry) {
    this.stored.put(entry.client_key, entry);
    if (entry.state === "waiting") this.backgroundQueue?.put({ ...entry, payload: payload(entry) });
    else if (entry.state === "failed") this.backgroundQueue?.remove(entry.client_key);
    this.store.addPending(entry);
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

/** 128 random bits; unlike crypto.randomUUID, also where the page came over plain HTTP. */
export function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
