/* A copy of the outbox for the service worker, which can send it with Background Sync after the page was closed, and for the next
   page where the storage is full. If both send a message, it arrives once, because both use its client key. */

export const QUEUE = "wellchat.queue";
const TAG = "wellchat.send";

export class BackgroundQueue {
  #keys = new Set(); // keys that are, or may be, in the queue
  #last = Promise.resolve(); // one after the other, so that a removal comes after its put

  /** `caches` and `worker` are the browser's CacheStorage and ServiceWorkerContainer. */
  constructor({ caches, worker, viewerId }) {
    Object.assign(this, { caches, worker, viewerId });
  }

  /** Resolves to true if the queue holds the entry. `alone`: no other place keeps it. */
  put(entry, { alone = false } = {}) {
    const { client_key: key, thread_id, at, attachments, payload } = entry;
    this.#keys.add(key);
    return this.#enqueue(async () => {
      const registration = await this.worker.getRegistration("/");
      if (!registration?.sync && !alone) return false; // nobody would send it, and the next page has it
      const cache = await this.caches.open(QUEUE);
      await cache.put(this.#address(key), new Response(JSON.stringify({ viewer: this.viewerId, thread_id, at, attachments, said: payload })));
      await registration.sync?.register(TAG).catch(() => {}); // without Background Sync the next page sends it
      return true;
    });
  }

  /** Resolves to the entries that an earlier page has put, as the outbox has them. */
  all() {
    return this.#enqueue(async () => {
      if (!(await this.caches.has(QUEUE))) return [];
      const cache = await this.caches.open(QUEUE);
      const mine = (await cache.keys()).filter(({ url }) => new URL(url).pathname.startsWith(this.#address("")));
      const held = await Promise.all(mine.map(async (one) => (await cache.match(one))?.json()));
      return held.filter(Boolean).map(({ said, thread_id, at, attachments }) => ({ ...said, thread_id, at, attachments, state: "waiting", reason: 0 }));
    });
  }

  /** Notes a key that an earlier page or another tab may have put. */
  mayHold(key) {
    this.#keys.add(key);
  }

  remove(key) {
    if (!this.#keys.delete(key)) return; // a message that was sent at once was never put
    return this.#enqueue(async () => (await this.caches.open(QUEUE)).delete(this.#address(key)));
  }

  clear() {
    this.#keys.clear();
    return this.#enqueue(() => this.caches.delete(QUEUE));
  }

  #address(key) {
    return `/queue/${this.viewerId}/${encodeURIComponent(key)}`;
  }

  #enqueue(work) {
    return (this.#last = this.#last.then(work).catch(() => {})); // a failure is harmless: storage has the first copy
  }
}
