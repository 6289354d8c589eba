/* A composer in which nobody writes: the sentence that says so, and what had been written stays to be copied. */

import { part } from "./dom.js";

export class ComposerShut {
  constructor(form, field) {
    Object.assign(this, { form, field });
    this.closed = form.classList.contains("composer--closed");
    this.#show(); // a draft may have come back since the server drew the page
  }

  /** Follows the state of the thread, as the last update brought it. */
  follow({ can_write: open, closed: words, closed_by_me: by }) {
    this.closed = open === false;
    const sentence = part(this.form, "shut-words");
    if (this.closed && sentence.textContent !== words) sentence.textContent = words ?? "";
    for (const button of this.form.querySelectorAll("[data-closed-by]")) button.hidden = button.dataset.closedBy !== by;
    this.#show();
  }

  #show() {
    const { form, field, closed } = this;
    form.classList.toggle("composer--closed", closed);
    field.readOnly = closed;
    part(form, "shut").hidden = !closed;
    part(form, "shut-unsent").hidden = !closed || !field.value;
    part(form, "box").hidden = closed && !field.value;
    form.querySelector(".composer__send").hidden = closed;
  }
}
