/* Tells the server how far was read: only what was on the screen, only while somebody looked, only forward. */

export class ReadReceipts {
  #shown = 0;
  #sending = false;

  /** looking(): whether the page is seen and has the focus. onRead(answer): the server's answer. */
  constructor({ api, threadId, lastRead, looking, onRead }) {
    Object.assign(this, { api, threadId, lastRead, looking, onRead });
  }

  /** Everything up to `seq` has been on the screen. */
  shown(seq) {
    if (seq > this.#shown) this.#shown = seq;
    return this.send();
  }

  /** Read elsewhere, or by sending: no need to say it again. */
  alreadyRead(seq) {
    this.lastRead = Math.max(this.lastRead, seq);
  }

  async send() {
    if (this.#sending || !this.looking() || this.#shown <= this.lastRead) return;
    const seq = this.#shown;
    this.#sending = true;
    try {
      this.onRead(await this.api.send("PUT", `/threads/${this.threadId}/read`, { seq }));
      this.alreadyRead(seq);
    } catch {
      return; // said again with the next thing seen
    } finally {
      this.#sending = false;
    }
    await this.send();
  }
}
