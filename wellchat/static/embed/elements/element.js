/* What every element is: a shadow root with our style, the language and the colours, and events. */

import { session } from "./here.js";
import { sheet } from "./style.js";
import { languageOf, wordsOf } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
export const ICONS = {
  message: "M17 9.5a6.5 6.5 0 0 1-9.4 5.8L3.5 16.5l1.2-3.7A6.5 6.5 0 1 1 17 9.5Z",
  close: "m5.5 5.5 9 9M14.5 5.5l-9 9",
};

/** Makes an element with attributes and children. */
export function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function button(attributes, icon, onclick) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[icon]);
  svg.append(path);
  const made = make("button", { type: "button", ...attributes }, svg);
  made.addEventListener("click", onclick);
  return made;
}

export class Shell extends HTMLElement {
  static observedAttributes = ["height", "theme", "accent-hue", "lang", "label", "with", "subject", "button"];

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    this.box = make("div", { class: "box" });
    root.append(this.box);
    this.build();
  }

  connectedCallback() {
    session.join(this);
    this.draw();
  }

  disconnectedCallback() {
    session.leave(this);
  }

  attributeChangedCallback(name, before, now) {
    if (this.isConnected && before !== now) this.changed(name);
  }

  /** Whether it shows what is unread: then the page needs a hub. */
  get counts() {
    return false;
  }

  get words() {
    return wordsOf(this.language);
  }

  get language() {
    return languageOf(this.getAttribute("lang"), session.brand.lang, this.closest("[lang]")?.lang, navigator.language);
  }

  get label() {
    return this.getAttribute("label") || this.words.messages;
  }

  get hue() {
    const given = this.getAttribute("accent-hue") ?? "";
    return /^\d{1,3}$/.test(given) && given < 360 ? Number(given) : null;
  }

  /** Styles the element itself from within, so that its `style` stays the page's. Returns the style. */
  rule(text) {
    const own = new CSSStyleSheet();
    own.replaceSync(text);
    this.shadowRoot.adoptedStyleSheets = [...this.shadowRoot.adoptedStyleSheets, own];
    return own.cssRules[0].style;
  }

  /** The look that a frame is told: what stands in its address, and in a message `theme`. */
  get look() {
    return { theme: this.getAttribute("theme") ?? "auto", accent_hue: this.hue };
  }

  draw() {
    this.box.style.setProperty("--hue", this.hue ?? session.brand.hue ?? 262);
    this.box.lang = this.language;
  }

  emit(name, detail = null) {
    return this.dispatchEvent(new CustomEvent(`wellchat-${name}`, { bubbles: true, composed: true, cancelable: name === "open", detail }));
  }

  open(what) {
    session.popup().open(what);
  }

  close() {
    session.find("popup")?.close();
  }

  signOut() {
    return session.signOut();
  }

  changed() {
    this.draw();
  }

  build() {}
  counted() {}
  drop() {}
  restart() {}
  stopped() {}
}
