/* Tells the server how far was read: only what was on the screen, only while somebody looked, only forward. */

export class Reader {
  #shown = 0;
  #asking = false;

  /** looking(): whether the page is seen and has the focus. read(answer): what the server made of it. */
  constructor({ api, threadId, lastRead, looking, read }) {
    Object.assign(this, { api, threadId, lastRead, looking, read });
  }

  /** Everything up to `seq` has been on the screen. */
  saw(seq) {
    if (seq > this.#shown) this.#shown = seq;
    return this.check();
  }

  /** Read elsewhere, or by sending: no need to say it again. */
  know(seq) {
    this.lastRead = Math.max(this.lastRead, seq);
  }

  async check() {
    if (this.#asking || !this.looking() || this.#shown <= this.lastRead) return;
    const seq = this.#shown;
    this.#asking = true;
    try {
      this.read(await this.api.send("PUT", `/threads/${this.threadId}/read`, { seq }));
      this.know(seq);
    } catch {
      return; // said again with the next thing seen
    } finally {
      this.#asking = false;
    }
    await this.check();
  }
}
