/* What waits to be sent, where the service worker finds it: with Background Sync it goes out also after the page was closed.
   The browser's storage stays the first copy; a message that both send arrives once, for both send it under its key. */

export const QUEUE = "wellchat.queue";
const TAG = "wellchat.send";

export class Mirror {
  #held = new Set(); // keys that are, or may be, in it
  #work = Promise.resolve(); // one after the other: what was put must not come after its removal

  /** `caches`, `worker`: the browser's CacheStorage and ServiceWorkerContainer. */
  constructor({ caches, worker, viewerId }) {
    Object.assign(this, { caches, worker, viewerId });
  }

  put(entry) {
    const { client_key: key, thread_id, at, said } = entry;
    this.#held.add(key);
    return this.#next(async () => {
      const registration = await this.worker.getRegistration("/");
      if (!registration?.sync) return; // nobody would look
      const cache = await this.caches.open(QUEUE);
      await cache.put(this.#address(key), new Response(JSON.stringify({ viewer: this.viewerId, thread_id, at, said })));
      await registration.sync.register(TAG);
    });
  }

  /** An earlier page or another tab may have put it. */
  know(key) {
    this.#held.add(key);
  }

  remove(key) {
    if (!this.#held.delete(key)) return; // a message that went out at once was never here
    return this.#next(async () => (await this.caches.open(QUEUE)).delete(this.#address(key)));
  }

  clear() {
    this.#held.clear();
    return this.#next(() => this.caches.delete(QUEUE));
  }

  #address(key) {
    return `/queue/${this.viewerId}/${encodeURIComponent(key)}`;
  }

  #next(work) {
    return (this.#work = this.#work.then(work).catch(() => {})); // the first copy is what counts
  }
}
