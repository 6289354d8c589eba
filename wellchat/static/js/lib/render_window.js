/* Which part of a long thread is rendered. Numbers have no gaps, so its ends say how many rows there are; rows far from
   the reader go as others come, and a page that is scrolled for an hour is as small as one just opened. */

export const MAX_ROWS = 300; // rows drawn
const SLACK = 50; // rows over it before some go, so that they go by the dozen

export class RenderWindow {
  constructor({ first = 0, last = 0, newest = last, max = MAX_ROWS } = {}) {
    this.max = max;
    this.reset({ first, last, newest });
  }

  /** Stands for other messages from now on; `newest` is the thread's last. */
  reset({ first = 0, last = 0, newest = last }) {
    Object.assign(this, { first, last, atNewest: last >= newest });
  }

  get size() {
    return this.last ? this.last - this.first + 1 : 0;
  }

  get older() {
    return this.first > 1;
  }

  /** inside: drawn, or to be; next: comes right after the last; otherwise not now: it is loaded with those around it. */
  where(seq) {
    if (this.size && seq < this.first) return "before";
    if (seq <= this.last) return "inside";
    if (!this.atNewest) return "beyond";
    return seq === this.last + 1 ? "next" : "gap";
  }

  /** Whether what comes next is drawn: a reader who is elsewhere in a full window keeps what they read. */
  accepts(seq, { atEnd }) {
    const where = this.where(seq);
    if (where === "next" && !atEnd && this.size >= this.max) this.atNewest = false;
    else if (where === "next") this.extendEnd(seq, { newest: seq, slack: Infinity });
    return where === "inside" || (where === "next" && this.atNewest);
  }

  /** Later messages were drawn. Answers the range [from, to] of rows to drop at the other side, or null. */
  extendEnd(last, { newest, slack = 0 }) {
    this.first ||= 1;
    this.last = Math.max(this.last, last);
    this.atNewest = this.last >= newest;
    const surplus = this.size - this.max;
    if (surplus <= slack) return null;
    this.first += surplus;
    return [this.first - surplus, this.first - 1];
  }

  /** Earlier messages were drawn; the same for them. */
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
