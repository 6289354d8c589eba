/* Sends to the server how far the person has read: only messages that were visible while the page had the focus, and never back. */

export class ReadReceipts {
  #shown = 0;
  #sending = false;

  /** looking() tells whether the page is visible and has the focus. onRead(answer) gets the server's response. */
  constructor({ api, threadId, lastRead, looking, onRead }) {
    Object.assign(this, { api, threadId, lastRead, looking, onRead });
  }

  /** Notes that everything up to `seq` has been visible. */
  shown(seq) {
    if (seq > this.#shown) this.#shown = seq;
    return this.send();
  }

  /** Notes what was read elsewhere, or by sending, so that it is not sent again. */
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
      return; // sent again with the next visible message
    } finally {
      this.#sending = false;
    }
    await this.send();
  }
}
