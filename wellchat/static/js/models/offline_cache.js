/* The page's side of what the service worker keeps for reading offline, see static/sw/cache.js. Where there is no worker (plain
   HTTP, a private window, an old browser) nothing is kept, and everything works online. */

const PAGES = "wellchat.pages.";

export class OfflineCache {
  /** `worker`: the browser's ServiceWorkerContainer, `caches` its CacheStorage; either may be missing. */
  constructor({ worker, caches, viewerId }) {
    Object.assign(this, { worker, caches, viewerId });
  }

  /** Registers the worker. The page that was open before it is kept as well. */
  async register(path) {
    if (!this.worker) return;
    const controlled = Boolean(this.worker.controller);
    await this.worker.register("/sw.js", { scope: "/" });
    const { active } = await this.worker.ready;
    if (!controlled) active.postMessage({ type: "keep", path });
  }

  /** A newer version is about: the browser looks for its worker now and not at the next page. */
  async updateWorker() {
    await (await this.worker?.getRegistration("/"))?.update();
  }

  /** What an update brought. */
  addUpdate({ threads = [], messages = [] }) {
    if (threads.length || messages.length) this.#post({ type: "news", viewer: this.viewerId, threads, messages });
  }

  /** Whoever signs out leaves nothing of theirs behind; the worker sees that too, where it leads this page. */
  clear() {
    this.#post({ type: "forget" });
  }

  /** What was heard since the page was kept: {threads, messages}. */
  async read(threadId) {
    const name = PAGES + this.viewerId;
    if (!(await this.caches?.has(name))) return { threads: [], messages: [] };
    const cache = await this.caches.open(name);
    const heard = async (path) => (await (await cache.match(`${path}?news`))?.json()) ?? [];
    return { threads: await heard("/"), messages: threadId ? await heard(`/threads/${threadId}`) : [] };
  }

  #post(message) {
    this.worker?.controller?.postMessage(message);
  }
}
