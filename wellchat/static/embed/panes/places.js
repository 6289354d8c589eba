/* What stands in <wellchat-inbox> and <wellchat-thread>: conversations in the flow of the page. */

import { Framed } from "./framed.js";

class Place extends Framed {
  constructor(element) {
    super(element, element.box);
    element.box.classList.add("place");
  }

  restart() {
    this.begin(this.kind, this.query);
  }

  open(what, _opener, byPerson) {
    this.restart();
    this.frame?.open(what);
    this.element.scrollIntoView({ block: "nearest" });
    if (byPerson) this.frame?.focus();
  }

  close() {
    this.frame?.post("close");
    this.emit("close");
  }

  /* The person pressed Escape in it. */
  closed() {
    this.frame?.node.blur();
    this.emit("close");
  }

  height(pixels) {
    if (this.element.getAttribute("height") === "auto") this.box.style.blockSize = `${pixels + 2}px`; // with its lines
  }
}

export class Inbox extends Place {
  kind = "inbox";
  query = {};
}

export class Thread extends Place {
  kind = "thread";

  get query() {
    const [person, subject] = ["with", "subject"].map((name) => this.element.getAttribute(name));
    return { with: person, subject };
  }

  changed(name) {
    if (name === "with" || name === "subject") {
      const named = Object.entries(this.query).filter(([, value]) => value);
      if (named.length) this.frame?.open(Object.fromEntries(named));
    }
    super.changed(name);
  }
}
