/* Keeps the scroll position. At the end, the log follows new messages; anywhere else the visible rows do not move. */

const NEAR = 48; // px from the end that still count as the end
const SLIDE = { duration: 180, easing: "cubic-bezier(0.2, 0.7, 0.3, 1)", composite: "add" };
const moves = () => !matchMedia("(prefers-reduced-motion: reduce)").matches;

export class Scroller {
  #pinned = true;

  /** whole() tells whether the rows reach the end of the thread. */
  constructor(box, { moved = () => {}, whole = () => true } = {}) {
    this.box = box;
    this.moved = moved;
    this.whole = whole;
    box.style.flexDirection = "column"; // until now the style sheet opened the log at its end
    box.addEventListener("scroll", () => {
      this.#pinned = this.#atEnd();
      moved();
    }, { passive: true });
    // Keep the end in view when the field grows, the keyboard opens or the window turns.
    new ResizeObserver(() => this.#pinned && this.toEnd()).observe(box);
  }

  get pinned() {
    return this.#pinned;
  }

  /** px of the log below the visible part */
  get below() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight;
  }

  /** Tells whether `element` is above the visible part when the log is at its end. */
  beyond(element) {
    return element.getBoundingClientRect().top - this.box.getBoundingClientRect().top < this.below;
  }

  toEnd() {
    this.#pinned = true;
    this.box.scrollTop = this.box.scrollHeight;
  }

  show(element, where = 0.25) {
    this.put(element, this.box.clientHeight * where);
  }

  /** Scrolls so that `element` begins so many px below the upper edge. */
  put(element, below) {
    this.box.scrollTop += element.getBoundingClientRect().top - this.box.getBoundingClientRect().top - below;
    this.#pinned = this.#atEnd();
  }

  /** Changes the rows without moving the visible ones. At the end, or if the change goes there, the log stays at the end. */
  keep(rows, change) {
    const top = this.box.getBoundingClientRect().top;
    const standing = this.#pinned && this.box.scrollHeight <= this.box.clientHeight ? this.#standing() : null;
    const anchor = this.#pinned ? null : rows().find((row) => row.getBoundingClientRect().bottom > top);
    const before = anchor?.getBoundingClientRect().top;
    change();
    if (this.#pinned) this.toEnd();
    else if (anchor?.isConnected) this.box.scrollTop += anchor.getBoundingClientRect().top - before;
    if (standing) this.#slide(standing);
  }

  /* A log with few messages does not scroll: a new message pushes the others up, with an animation. */
  #standing() {
    return [...this.box.querySelectorAll(".day")].map((day) => [day, day.getBoundingClientRect().top]);
  }

  #slide(days) {
    const moved = days.map(([day, top]) => [day, top - day.getBoundingClientRect().top]).filter(([day, by]) => day.isConnected && by);
    if (!moved.length || !moves()) return;
    const kept = { overflow: ["clip", "clip"] }; // the animation must not make the log scrollable
    for (const [day, by] of moved) day.animate({ transform: [`translateY(${by}px)`, "translateY(0)"] }, SLIDE);
    // On its way the newest message was still below the end.
    this.box.firstElementChild.animate(kept, SLIDE).finished.then(() => this.moved(), () => {});
  }

  #atEnd() {
    return this.below < NEAR && this.whole();
  }
}
