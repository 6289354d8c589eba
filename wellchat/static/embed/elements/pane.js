/* <wellchat-inbox>, <wellchat-thread> and <wellchat-popup>, as they stand in the page before anything is fetched for them. */

import { Shell } from "./element.js";
import { session } from "./here.js";
import { panes } from "./later.js";
import { styles } from "./style.js";
import { idle } from "./tabs.js";

class Pane extends Shell {
  pane = null; // what shows conversations in it: of the second script
  #wanted = null;

  get frame() {
    return this.pane?.frame;
  }

  /** Does `act(pane)`, or else begins; the pane may have to come first. Of acts that wait the last one is done. */
  async want(act = (pane) => pane.restart()) {
    this.#wanted = act;
    const found = this.pane ? {} : await panes();
    const wanted = this.#wanted;
    this.#wanted = null;
    if (!found) return this.emit("error", { code: "no-answer", text: "v1-panes.js: no answer" });
    if (!this.isConnected) return;
    this.pane ??= new found[this.localName.slice(9)](this);
    wanted?.(this.pane);
  }

  /** Begins, unless something is wanted already. */
  begin() {
    if (!this.#wanted) this.want();
  }

  open(what = {}) {
    const [opener, byPerson] = [document.activeElement, navigator.userActivation?.isActive];
    this.want((pane) => pane.open(what, opener, byPerson));
  }

  close() {
    this.#wanted = null;
    this.pane?.close();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#wanted = null;
    this.pane?.leave();
  }

  draw() {
    super.draw();
    this.pane?.draw();
  }

  changed(name) {
    this.pane?.changed(name);
    this.draw();
  }

  stopped(code) {
    this.pane?.stopped(code);
  }
}

/* In the flow of the page. */
class Place extends Pane {
  #watch = new IntersectionObserver((seen) => this.#near(seen.at(-1)), { rootMargin: "200px" });
  #isNear = false;
  // Styles the element itself from within: its `style` stays the page's.
  #own = styles(":host {}");

  constructor() {
    super();
    this.adopt(this.#own);
  }

  connectedCallback() {
    super.connectedCallback();
    this.drop();
    this.#watch.observe(this);
  }

  disconnectedCallback() {
    this.#watch.disconnect();
    super.disconnectedCallback();
  }

  restart() {
    if (this.#isNear) this.begin();
  }

  /* `fill`: the height of what it stands in; `auto`: that of its content; or a length. */
  drop() {
    const given = this.getAttribute("height") ?? "";
    const { style } = this.#own.cssRules[0];
    style.removeProperty("block-size");
    // What is no length changes nothing.
    style.setProperty("block-size", given === "fill" ? "100%" : given > 0 ? `${given}px` : given);
    this.box.style.setProperty("block-size", given === "auto" ? "640px" : "100%");
  }

  changed(name) {
    if (name === "height") this.drop();
    super.changed(name);
  }

  #near({ isIntersecting, boundingClientRect }) {
    this.#isNear = isIntersecting && boundingClientRect.width > 0;
    this.restart();
  }
}

export class Inbox extends Place {}
export class Thread extends Place {}

/* A button in the corner of the page, and conversations above it. Both come when the page is idle, or when it is opened. */
export class Popup extends Pane {
  connectedCallback() {
    super.connectedCallback();
    idle(() => this.begin());
  }

  get counts() {
    return this.getAttribute("button") !== "none";
  }

  get isOpen() {
    return !!this.pane?.box.open;
  }

  counted(more) {
    this.pane?.counted(more);
  }

  toggle(opener) {
    if (this.isOpen) this.close();
    else this.want((pane) => pane.open({}, opener, true));
  }

  drop() {
    this.close();
  }

  restart() {
    this.pane?.restart();
  }
}
