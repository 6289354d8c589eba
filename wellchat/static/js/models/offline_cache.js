/* The page's side of the offline cache, see static/sw/cache.js. Without a service worker (plain HTTP, a private window, an old
   browser) nothing is kept, and everything works online. */

const PAGES = "wellchat.pages.";

export class OfflineCache {
  /** `worker` is the browser's ServiceWorkerContainer, `caches` its CacheStorage; either may be missing. */
  constructor({ worker, caches, viewerId }) {
    Object.assign(this, { worker, caches, viewerId });
  }

  /** Registers the worker, which also keeps the page that is open. */
  async register(path) {
    if (!this.worker) return;
    const controlled = Boolean(this.worker.controller);
    await this.worker.register("/sw.js", { scope: "/" });
    const { active } = await this.worker.ready;
    if (!controlled) active.postMessage({ type: "keep", path });
  }

  /** Looks for the worker of a newer version now and not at the next page. */
  async updateWorker() {
    await (await this.worker?.getRegistration("/"))?.update();
  }

  /** Keeps an update beside the pages. */
  addUpdate({ threads = [], messages = [] }) {
    if (threads.length || messages.length) this.#post({ type: "news", viewer: this.viewerId, threads, messages });
  }

  /** Has all kept pages fetched again, when updates are missing between them and now. */
  renew() {
    this.#post({ type: "renew" });
  }

  /** Deletes the pages when the person signs out. The worker does the same if it controls this page. */
  clear() {
    this.#post({ type: "forget" });
  }

  /** Resolves to the updates since the page was kept: {threads, messages}. */
  async read(threadId) {
    const name = PAGES + this.viewerId;
    if (!(await this.caches?.has(name))) return { threads: [], messages: [] };
    const cache = await this.caches.open(name);
    const readNews = async (path) => (await (await cache.match(`${path}?news`))?.json()) ?? [];
    return { threads: await readNews("/"), messages: threadId ? await readNews(`/threads/${threadId}`) : [] };
  }

  #post(message) {
    this.worker?.controller?.postMessage(message);
  }
}
