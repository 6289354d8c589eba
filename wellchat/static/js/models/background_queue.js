/* What waits to be sent, where the service worker finds it: with Background Sync it goes out also after the page was closed.
   The browser's storage stays the first copy; a message that both send arrives once, for both send it under its key. */

export const QUEUE = "wellchat.queue";
const TAG = "wellchat.send";

export class BackgroundQueue {
  #keys = new Set(); // keys that are, or may be, in it
  #last = Promise.resolve(); // one after the other: what was put must not come after its removal

  /** `caches`, `worker`: the browser's CacheStorage and ServiceWorkerContainer. */
  constructor({ caches, worker, viewerId }) {
    Object.assign(this, { caches, worker, viewerId });
  }

  put(entry) {
    const { client_key: key, thread_id, at, payload } = entry;
    this.#keys.add(key);
    return this.#enqueue(async () => {
      const registration = await this.worker.getRegistration("/");
      if (!registration?.sync) return; // nobody would look
      const cache = await this.caches.open(QUEUE);
      await cache.put(this.#address(key), new Response(JSON.stringify({ viewer: this.viewerId, thread_id, at, said: payload })));
      await registration.sync.register(TAG);
    });
  }

  /** An earlier page or another tab may have put it. */
  mayHold(key) {
    this.#keys.add(key);
  }

  remove(key) {
    if (!this.#keys.delete(key)) return; // a message that went out at once was never here
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
    return (this.#last = this.#last.then(work).catch(() => {})); // the first copy is what counts
  }
}
