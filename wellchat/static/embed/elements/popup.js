/* <wellchat-popup>: a button in the corner of the page and conversations above it; on a phone they take the screen. */

import { Counter } from "./bell.js";
import { button, make } from "./element.js";
import { Framed } from "./framed.js";
import { session } from "./here.js";

const phone = matchMedia("(max-width: 600px), (max-height: 450px)");

export class Popup extends Framed {
  #opener = null; // gets the focus back

  build() {
    this.counter = new Counter(this, () => this.toggle(this.counter.button));
    this.counter.node.classList.add("corner");
    this.name = make("span");
    this.shut = button({}, "close", () => this.close());
    this.dialog = make("dialog", { class: "panel", part: "panel" }, make("header", {}, this.name, this.shut));
    this.prepare(this.dialog);
    this.box.append(this.counter.node, this.dialog);
    this.rule(":host { display: contents; }");
    // Escape: a modal one tells by `cancel`, another by the key.
    this.dialog.addEventListener("cancel", (event) => (event.preventDefault(), this.close()));
    this.dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.preventDefault();
      this.close();
    });
  }

  connectedCallback() {
    super.connectedCallback();
    phone.addEventListener("change", this);
    visualViewport?.addEventListener("resize", this);
  }

  disconnectedCallback() {
    phone.removeEventListener("change", this);
    visualViewport?.removeEventListener("resize", this);
    this.#hide();
    super.disconnectedCallback();
  }

  get counts() {
    return this.getAttribute("button") !== "none";
  }

  get isOpen() {
    return this.dialog.open;
  }

  draw() {
    super.draw();
    this.counter.node.hidden = !this.counts;
    this.counter.draw();
    this.counter.button.setAttribute("aria-expanded", String(this.isOpen));
    this.dialog.setAttribute("aria-label", this.label);
    this.dialog.classList.toggle("low", !this.counts);
    this.name.textContent = this.label;
    this.shut.setAttribute("aria-label", this.words.close);
  }

  counted(more) {
    this.counter.say(more);
  }

  toggle(opener) {
    if (this.isOpen) this.close();
    else this.#open({}, opener, true);
  }

  /** Shows it, at a conversation if one is named. The focus goes in only if a person's press did it. */
  open(what = {}) {
    this.#open(what, document.activeElement, navigator.userActivation?.isActive ?? false);
  }

  #open(what, opener, byPerson) {
    if (!this.isOpen && !this.emit("open")) return;
    if (!this.isOpen) this.#opener = opener;
    this.begin("inbox", {});
    if (Object.keys(what).length) this.frame?.open(what);
    this.#show();
    if (!byPerson) return;
    if (this.frame) this.frame.focus();
    else this.again.focus();
  }

  close() {
    if (!this.isOpen) return;
    const hadFocus = this.shadowRoot.activeElement !== null || this.dialog.matches(":modal");
    this.#hide();
    if (hadFocus) this.#opener?.focus();
    // In Chromium, a frame that is hidden while it has the focus takes it back a moment later.
    setTimeout(() => !this.isOpen && this.shadowRoot.activeElement && this.#opener?.focus(), 100);
    this.frame?.post("close");
    this.emit("close");
  }

  closed() {
    this.close();
  }

  drop() {
    this.close();
  }

  restart() {
    if (this.isOpen) this.begin("inbox", {});
  }

  /* The other way to show it fits now, or the keyboard of a phone has come. */
  handleEvent({ type }) {
    if (this.isOpen && type === "change") this.#hide(), this.#show();
    // Without what the person zoomed in.
    const height = phone.matches && visualViewport ? `${Math.round(visualViewport.height * visualViewport.scale)}px` : "";
    this.dialog.style.setProperty("block-size", height);
  }

  #show() {
    if (this.isOpen) return;
    this.dialog.classList.toggle("full", phone.matches);
    // show() would take the focus even where nobody asked for it.
    if (phone.matches) this.dialog.showModal();
    else this.dialog.setAttribute("open", "");
    this.#told();
  }

  #hide() {
    // close() of one that was not shown by a method leaves the attribute in some browsers.
    if (this.dialog.open) this.dialog.close();
    this.dialog.removeAttribute("open");
    this.#told();
  }

  #told() {
    for (const element of session.elements) element.draw();
  }
}
