/* A frame with conversations. */

import { Frame } from "../elements/frame.js";

export class View extends Frame {
  #wanted = null; // what to open once it is ready
  #focuses = null; // once it is ready

  /* `on` hears height(pixels) and closed(), too. */
  open(what) {
    if (this.ready) this.post("open", what);
    else this.#wanted = what;
  }

  /** Gives the focus to what is in it, with the options of HTMLElement.focus(). */
  focus(how = {}) {
    this.node.focus();
    if (this.ready) this.post("focus", how);
    else this.#focuses = how;
  }

  start(fields) {
    super.start(fields);
    if (this.#wanted) this.post("open", this.#wanted);
    // It may have gone elsewhere meanwhile.
    if (this.#focuses && this.node.matches(":focus")) this.post("focus", this.#focuses);
    this.#wanted = this.#focuses = null;
  }

  tell(type, fields) {
    super.tell(type, fields);
    if (type === "height") this.on.height(Number(fields.height));
    else if (type === "title") this.node.title = String(fields.title);
    else if (type === "navigate") this.on.emit("navigate", { page: fields.page, thread: fields.thread ?? null });
    else if (type === "close") this.on.closed();
  }
}
