/* Tells whether a person is present. Only interaction counts; an open page does not. */

const ACTIVE_FOR = 30_000; // ms for which an interaction counts
const SIGNS = ["pointerdown", "keydown", "wheel", "touchmove", "scroll", "focus"];

export class Attention {
  #last = -Infinity;

  /** onReturn() is called when a person is back after a pause. */
  constructor({ onReturn = () => {} } = {}) {
    this.onReturn = onReturn;
    if (this.looking) this.#last = Date.now();
    for (const sign of SIGNS) window.addEventListener(sign, () => this.#sign(), { capture: true, passive: true });
  }

  get visible() {
    return document.visibilityState === "visible";
  }

  get looking() {
    return this.visible && document.hasFocus();
  }

  get active() {
    return this.visible && Date.now() - this.#last < ACTIVE_FOR;
  }

  #sign() {
    const away = !this.active;
    this.#last = Date.now();
    if (away && this.visible) this.onReturn();
  }
}
