/* <wellchat-inbox> and <wellchat-thread>: conversations in the flow of the page. Nothing is fetched before they are seen. */

import { Framed } from "./framed.js";

class Place extends Framed {
  #watch = null;

  build() {
    this.box.classList.add("place");
    this.prepare(this.box);
  }

  connectedCallback() {
    super.connectedCallback();
    this.size();
    this.#watch = new IntersectionObserver((seen) => seen.some(({ isIntersecting }) => isIntersecting) && this.restart(), { rootMargin: "200px" });
    this.#watch.observe(this);
  }

  disconnectedCallback() {
    this.#watch?.disconnect();
    super.disconnectedCallback();
  }

  restart() {
    const { top, bottom, width } = this.getBoundingClientRect();
    if (width && bottom > -200 && top < innerHeight + 200) this.begin(this.kind, this.query);
  }

  open(what = {}) {
    this.begin(this.kind, this.query);
    this.frame?.open(what);
    this.scrollIntoView({ block: "nearest" });
    if (navigator.userActivation?.isActive) this.frame?.focus();
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
    if (this.getAttribute("height") === "auto") this.box.style.setProperty("block-size", `${pixels + 2}px`); // with its lines
  }

  drop() {
    this.size();
  }

  /* `fill`: the height of what it stands in; `auto`: that of its content; or a length. */
  size() {
    const given = this.getAttribute("height") ?? "";
    const length = /^\d+$/.test(given) ? `${given}px` : given;
    const wanted = { fill: "100%", auto: "auto" }[given] ?? (CSS.supports("height", length) ? length : "640px");
    this.own ??= this.rule(":host {}");
    this.own.setProperty("block-size", wanted);
    this.box.style.setProperty("block-size", given === "auto" ? "640px" : "100%");
  }

  changed(name) {
    if (name === "height") this.size();
    super.changed(name);
  }
}

export class Inbox extends Place {
  kind = "inbox";
  query = {};
}

export class Thread extends Place {
  kind = "thread";

  get query() {
    return { with: this.getAttribute("with"), subject: this.getAttribute("subject") };
  }

  changed(name) {
    if (name === "with" || name === "subject") {
      const named = Object.entries(this.query).filter(([, value]) => value);
      if (named.length) this.frame?.open(Object.fromEntries(named));
    }
    super.changed(name);
  }
}
