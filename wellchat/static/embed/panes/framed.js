/* A frame of conversations in an element, or words where there can be none. */

import { session } from "../elements/here.js";
import { make } from "../elements/make.js";
import { PANES } from "./style.js";
import { View } from "./view.js";
import { MORE_WORDS } from "./words.js";

export class Framed {
  frame = null;
  #state = null; // the code of why there is no frame

  /** It stands in `box`, which is in the element. */
  constructor(element, box) {
    Object.assign(this, { element, box });
    element.adopt(PANES);
    this.text = make("p");
    this.again = make("button", { type: "button", class: "again" });
    this.again.onclick = () => session.start();
    this.state = make("div", { class: "state", role: "status", hidden: "" }, this.text, this.again);
    box.append(this.state);
  }

  get words() {
    return MORE_WORDS[this.element.language];
  }

  emit(name, detail) {
    return this.element.emit(name, detail);
  }

  leave() {
    this.frame?.remove();
  }

  /** Makes the frame, if there is none. */
  begin(kind, query) {
    if (this.frame || session.out) return this.stopped("signed-out");
    this.stopped(null);
    const { hue } = this.element;
    const [theme, lang] = [this.#theme, this.element.getAttribute("lang")];
    const all = { ...query, theme, accent_hue: hue === null ? null : String(hue), lang };
    this.frame = new View({ session, kind, query: all, box: this.box, on: this, end: () => (this.frame = null) });
    this.draw();
  }

  /** There is no frame any more; null: there will be one. */
  stopped(code) {
    if (this.frame && code) return;
    this.#state = code;
    this.draw();
  }

  draw() {
    const code = this.#state;
    const { words } = this;
    this.state.hidden = !code;
    this.text.textContent = code ? (words[code === "refused" ? "signed-out" : code] ?? words.trouble) : "";
    this.again.textContent = words.again;
    if (this.frame && !this.frame.node.title) this.frame.node.title = this.element.label;
  }

  changed(name) {
    if (name !== "theme" && name !== "accent-hue") return;
    const { hue } = this.element;
    this.frame?.post("theme", hue === null ? { theme: this.#theme } : { theme: this.#theme, accent_hue: hue });
  }

  get #theme() {
    return this.element.getAttribute("theme") ?? "auto";
  }

  height() {}
}
