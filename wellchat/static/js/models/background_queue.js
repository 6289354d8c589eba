/* A copy of the outbox for the service worker, which can send it with Background Sync after the page was closed. The browser's
   storage stays the first copy. If both send a message, it arrives once, because both use its client key. */

export const QUEUE = "wellchat.queue";
const TAG = "wellchat.send";

export class BackgroundQueue {
  #keys = new Set(); // keys that are, or may be, in the queue
  #last = Promise.resolve(); // one after the other, so that a removal comes after its put

  /** `caches` and `worker` are the browser's CacheStorage and ServiceWorkerContainer. */
  constructor({ caches, worker, viewerId }) {
    Object.assign(this, { caches, worker, viewerId });
  }

  put(entry) {
    const { client_key: key, thread_id, at, payload } = entry;
    this.#keys.add(key);
    return this.#enqueue(async () => {
      const registration = await this.worker.getRegistration("/");
      if (!registration?.sync) return; // the browser has no Background Sync
      const cache = await this.caches.open(QUEUE);
      await cache.put(this.#address(key), new Response(JSON.stringify({ viewer: this.viewerId, thread_id, at, said: payload })));
      await registration.sync.register(TAG);
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
