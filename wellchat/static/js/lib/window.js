/* Which stretch of a long thread is drawn. Numbers have no gaps, so its ends say how many rows there are; rows far from
   the reader go as others come, and a page that is scrolled for an hour is as small as one just opened. */

export const MOST = 300; // rows drawn
const SLACK = 50; // rows over it before some go, so that they go by the dozen

export class Stretch {
  constructor({ first = 0, last = 0, newest = last, most = MOST } = {}) {
    this.most = most;
    this.take({ first, last, newest });
  }

  /** Stands for other messages from now on; `newest` is the thread's last. */
  take({ first = 0, last = 0, newest = last }) {
    Object.assign(this, { first, last, attached: last >= newest });
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
    if (!this.attached) return "beyond";
    return seq === this.last + 1 ? "next" : "gap";
  }

  /** Whether what comes next is drawn: a reader who is elsewhere in a full stretch keeps what they read. */
  takes(seq, { atEnd }) {
    const where = this.where(seq);
    if (where === "next" && !atEnd && this.size >= this.most) this.attached = false;
    else if (where === "next") this.grewLater(seq, { newest: seq, slack: Infinity });
    return where === "inside" || (where === "next" && this.attached);
  }

  /** Later messages were drawn. Answers the range [from, to] of rows to drop at the other side, or null. */
  grewLater(last, { newest, slack = 0 }) {
    this.first ||= 1;
    this.last = Math.max(this.last, last);
    this.attached = this.last >= newest;
    const surplus = this.size - this.most;
    if (surplus <= slack) return null;
    this.first += surplus;
    return [this.first - surplus, this.first - 1];
  }

  /** Earlier messages were drawn; the same for them. */
  grewEarlier(first) {
    this.first = Math.min(this.first, first);
    const surplus = this.size - this.most;
    if (surplus <= 0) return null;
    this.last -= surplus;
    this.attached = false;
    return [this.last + 1, this.last + surplus];
  }
}

export { SLACK };
