/* An element with a frame of conversations, or with words where there can be none. */

import { Shell, make } from "./element.js";
import { Frame } from "./frame.js";
import { session } from "./here.js";

export class Framed extends Shell {
  frame = null;
  #state = null; // the code of why there is no frame

  /** Puts a place for the frame into `box`. */
  prepare(box) {
    this.place = box;
    this.text = make("p");
    this.again = make("button", { type: "button", class: "again" });
    this.again.addEventListener("click", () => session.start());
    this.state = make("div", { class: "state", role: "status", hidden: "" }, this.text, this.again);
    box.append(this.state);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.frame?.remove();
  }

  /** Makes the frame, if there is none. */
  begin(kind, query) {
    if (this.frame || session.out) return this.stopped("signed-out");
    this.stopped(null);
    const language = this.getAttribute("lang");
    const all = { ...query, theme: this.look.theme, accent_hue: this.hue === null ? null : String(this.hue), lang: language };
    this.frame = new Frame({ session, kind, query: all, box: this.place, on: this, end: () => (this.frame = null) });
    this.draw();
  }

  /** There is no frame any more; null: there will be one. */
  stopped(code) {
    if (this.frame && code) return;
    this.#state = code;
    this.draw();
  }

  draw() {
    super.draw();
    const code = this.#state;
    const words = code === "signed-out" || code === "refused" ? this.words["signed-out"] : this.words.trouble;
    this.state.hidden = !code;
    this.text.textContent = code ? words : "";
    this.again.textContent = this.words.again;
    if (this.frame && !this.frame.node.title) this.frame.node.title = this.label;
  }

  changed(name) {
    if (name === "theme" || name === "accent-hue") {
      const { theme, accent_hue: hue } = this.look;
      this.frame?.post("theme", hue === null ? { theme } : { theme, accent_hue: hue });
    }
    this.draw();
  }
}
