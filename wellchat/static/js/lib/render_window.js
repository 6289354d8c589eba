/* Decides which part of a long thread is rendered. Sequence numbers have no gaps, so the ends say how many rows there are.
   Rows far from the reader are removed when others are added, so that the page stays small. */

export const MAX_ROWS = 300; // rows that are drawn at most
const SLACK = 50; // rows above MAX_ROWS before any are removed, so that many go at once

export class RenderWindow {
  constructor({ first = 0, last = 0, newest = last, max = MAX_ROWS } = {}) {
    this.max = max;
    this.reset({ first, last, newest });
  }

  /** Moves the window to other messages; `newest` is the last of the thread. */
  reset({ first = 0, last = 0, newest = last }) {
    Object.assign(this, { first, last, atNewest: last >= newest });
  }

  get size() {
    return this.last ? this.last - this.first + 1 : 0;
  }

  get older() {
    return this.first > 1;
  }

  /** inside: within the window; next: right after its end. Other messages are loaded later, with those around them. */
  where(seq) {
    if (this.size && seq < this.first) return "before";
    if (seq <= this.last) return "inside";
    if (!this.atNewest) return "beyond";
    return seq === this.last + 1 ? "next" : "gap";
  }

  /** Tells whether to draw the next message. A reader elsewhere in a full window keeps the rows that they read. */
  accepts(seq, { atEnd }) {
    const where = this.where(seq);
    if (where === "next" && !atEnd && this.size >= this.max) this.atNewest = false;
    else if (where === "next") this.extendEnd(seq, { newest: seq, slack: Infinity });
    return where === "inside" || (where === "next" && this.atNewest);
  }

  /** Notes later messages that were drawn. Returns the range [from, to] of rows to remove at the other end, or null. */
  extendEnd(last, { newest, slack = 0 }) {
    this.first ||= 1;
    this.last = Math.max(this.last, last);
    this.atNewest = this.last >= newest;
    const surplus = this.size - this.max;
    if (surplus <= slack) return null;
    this.first += surplus;
    return [this.first - surplus, this.first - 1];
  }

  /** Does the same for earlier messages. */
  extendStart(first) {
    this.first = Math.min(this.first, first);
    const surplus = this.size - this.max;
    if (surplus <= 0) return null;
    this.last -= surplus;
    this.atNewest = false;
    return [this.last + 1, this.last + surplus];
  }
}

export { SLACK };
