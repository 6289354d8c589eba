/* One tab of a browser polls for all of them. The tab that was visible last leads; the others listen, and one of them takes
   over when it closes. Without Web Locks every tab polls for itself. */

export class Leader {
  #queued = null; // AbortController of our place in the queue for the lock
  #claimed = false; // asked for or held: two events at once must not steal the lock from each other

  /** lead() and follow() are called on each change of role. onMessage(message) gets what the leading tab shares. */
  constructor({ name, locks, channel, lead, follow, onMessage }) {
    Object.assign(this, { name, locks, channel, lead, follow, onMessage });
    this.leading = false;
    if (channel) channel.onmessage = (event) => !this.leading && this.onMessage(event.data);
  }

  start({ visible }) {
    if (!this.locks || !this.channel) return this.#take();
    if (visible) return this.claim();
    this.follow();
    this.#queue();
  }

  /** Takes the lead, because this tab is visible. */
  claim() {
    if (this.leading || this.#claimed || !this.locks || !this.channel) return;
    this.#queued?.abort();
    this.#hold({ steal: true });
  }

  /** Sends a message to the other tabs. */
  share(message) {
    if (this.leading) this.channel?.postMessage(message);
  }

  #queue() {
    this.#queued = new AbortController();
    this.#hold({ signal: this.#queued.signal });
  }

  async #hold({ steal = false, signal }) {
    let held = false;
    this.#claimed ||= steal;
    try {
      await this.locks.request(this.name, steal ? { steal } : { signal }, () => {
        held = true;
        this.#queued = null;
        this.#take();
        return new Promise(() => {}); // held until the tab closes or another one takes it
      });
    } catch {
      if (signal?.aborted && !held) return; // we left the queue ourselves
      if (!held) return this.#take(); // locks do not work here: this tab polls for itself
      this.leading = false;
      this.#claimed = false;
      this.follow();
      this.#queue();
    }
  }

  #take() {
    this.leading = true;
    this.lead();
  }
}
