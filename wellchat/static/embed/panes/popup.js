/* What stands in <wellchat-popup>: a button in the corner of the page and a dialog above it, which takes the screen of a phone. */

import { Counter } from "../elements/bell.js";
import { session } from "../elements/here.js";
import { button, make } from "../elements/make.js";
import { Framed } from "./framed.js";

const phone = matchMedia("(max-width: 600px), (max-height: 450px)");

export class Popup extends Framed {
  #opener = null; // gets the focus back

  constructor(element) {
    const name = make("span");
    const shut = button({}, "m5.5 5.5 9 9M14.5 5.5l-9 9", () => this.close());
    super(element, make("dialog", { class: "panel", part: "panel" }, make("header", null, name, shut)));
    Object.assign(this, { name, shut });
    this.counter = new Counter(element, () => element.toggle(this.counter.button));
    this.counter.node.classList.add("corner");
    element.box.append(this.box);
    // Escape: a modal one tells by `cancel`, another by the key.
    const close = (event) => (event.preventDefault(), this.close());
    this.box.addEventListener("cancel", close);
    this.box.addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && close(event));
    addEventListener("popstate", () => phone.matches && this.close());
    this.draw();
  }

  leave() {
    this.#hide();
    super.leave();
  }

  draw() {
    super.draw();
    const { label, counts } = this.element;
    this.counter.node.hidden = !counts;
    this.counter.draw();
    this.box.setAttribute("aria-label", label);
    this.box.classList.toggle("low", !counts);
    this.name.textContent = label;
    this.shut.setAttribute("aria-label", this.words.close);
  }

  counted(more) {
    this.counter.say(more);
  }

  /** Shows it, at a conversation if one is named. The focus goes in only if a person's press did it. */
  open(what, opener, byPerson) {
    if (!this.box.open && !this.emit("open")) return;
    if (!this.box.open) this.#opener = opener;
    this.begin("inbox", {});
    if (Object.keys(what).length) this.frame?.open(what);
    this.#show();
    if (!byPerson) return;
    // A ring around the first row is for who came by keyboard.
    (this.frame ?? this.again).focus({ focusVisible: opener?.matches(":focus-visible") });
  }

  close() {
    if (!this.box.open) return;
    const root = this.element.shadowRoot;
    const hadFocus = root.activeElement || this.box.matches(":modal");
    this.#hide();
    if (hadFocus) this.#opener?.focus();
    if (history.state?.wellchat) history.back();
    // In Chromium, a frame that is hidden while it has the focus takes it back a moment later.
    setTimeout(() => !this.box.open && root.activeElement && this.#opener?.focus(), 100);
    this.frame?.post("close");
    this.emit("close");
  }

  closed() {
    this.close();
  }

  restart() {
    if (this.box.open) this.begin("inbox", {});
  }

  /* The other way to show it fits now, or the keyboard of a phone has come. */
  handleEvent({ type }) {
    if (type === "change") this.#hide(), this.#show();
    else this.#fit();
  }

  /* Without what the person zoomed in. */
  #fit() {
    const height = phone.matches && visualViewport ? `${Math.round(visualViewport.height * visualViewport.scale)}px` : "";
    this.box.style.blockSize = height;
  }

  #show() {
    if (this.box.open) return;
    this.box.classList.toggle("full", phone.matches);
    this.#fit();
    // show() would take the focus even where nobody asked for it.
    if (phone.matches) {
      this.box.showModal();
      // "Back" leaves this entry, and not the page.
      history.pushState({ wellchat: 1 }, "");
    } else this.box.setAttribute("open", "");
    phone.addEventListener("change", this);
    visualViewport?.addEventListener("resize", this);
    this.#told();
  }

  #hide() {
    phone.removeEventListener("change", this);
    visualViewport?.removeEventListener("resize", this);
    // close() of one that was not shown by a method leaves the attribute in some browsers.
    if (this.box.open) this.box.close();
    this.box.removeAttribute("open");
    this.#told();
  }

  #told() {
    for (const element of session.elements) element.draw();
  }
}
