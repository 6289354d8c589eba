/* Keeps the reader's place. At the end, new things pull the end along; anywhere else nothing moves under the eyes. */

const NEAR = 48; // px from the end that still count as the end
const SLIDE = { duration: 180, easing: "cubic-bezier(0.2, 0.7, 0.3, 1)", composite: "add" };
const moves = () => !matchMedia("(prefers-reduced-motion: reduce)").matches;

export class Scroller {
  #pinned = true;

  /** whole(): whether the rows go on to the end of the thread; the end of others is just a place. */
  constructor(box, { moved = () => {}, whole = () => true } = {}) {
    this.box = box;
    this.whole = whole;
    box.style.flexDirection = "column"; // the style sheet counts from the end, which is where the page opens; from here on the top counts
    box.addEventListener("scroll", () => {
      this.#pinned = this.#atEnd();
      moved();
    }, { passive: true });
    // The field grows, the keyboard opens, the window turns: the end stays in view.
    new ResizeObserver(() => this.#pinned && this.toEnd()).observe(box);
  }

  get pinned() {
    return this.#pinned;
  }

  /** px of the log below what is seen */
  get below() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight;
  }

  /** Whether `element` would be above what is seen at the end. */
  beyond(element) {
    return element.getBoundingClientRect().top - this.box.getBoundingClientRect().top < this.below;
  }

  toEnd() {
    this.#pinned = true;
    this.box.scrollTop = this.box.scrollHeight;
  }

  show(element, where = 0.25) {
    const offset = element.getBoundingClientRect().top - this.box.getBoundingClientRect().top;
    this.box.scrollTop += offset - this.box.clientHeight * where;
    this.#pinned = this.#atEnd();
  }

  /** Runs a change of the rows without moving what is being read; at the end, or sent there by the change, it stays at the end. */
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

  /* Few messages sit at the bottom, where nothing scrolls: what comes pushes them up, and they go there calmly. */
  #standing() {
    return [...this.box.querySelectorAll(".day")].map((day) => [day, day.getBoundingClientRect().top]);
  }

  #slide(days) {
    const moved = days.map(([day, top]) => [day, top - day.getBoundingClientRect().top]).filter(([day, by]) => day.isConnected && by);
    if (!moved.length || !moves()) return;
    const kept = { overflow: ["clip", "clip"] }; // what is pushed from below is not there to scroll to
    for (const [day, by] of moved) day.animate({ transform: [`translateY(${by}px)`, "translateY(0)"] }, SLIDE);
    this.box.firstElementChild.animate(kept, SLIDE);
  }

  #atEnd() {
    return this.below < NEAR && this.whole();
  }
}
