/* What every element is: a shadow root with our style, the language and the colours, and events. */

import { session } from "./here.js";
import { make } from "./make.js";
import { OURS } from "./style.js";
import { languageOf, WORDS } from "./words.js";

/* Some have methods that the session calls: counted(more), drop(), restart(), stopped(code). */
export class Shell extends HTMLElement {
  static observedAttributes = "height theme accent-hue lang label with subject button".split(" ");

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
    this.adopt(OURS);
    this.box = make("div", { class: "box" });
    this.shadowRoot.append(this.box);
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

  get words() {
    return WORDS[this.language];
  }

  get language() {
    return languageOf(this.getAttribute("lang"), session.brand.lang, this.closest("[lang]")?.lang, navigator.language);
  }

  get label() {
    return this.getAttribute("label") || this.words.messages;
  }

  get hue() {
    const given = this.getAttribute("accent-hue");
    return /^\d{1,3}$/.test(given) && given < 360 ? Number(given) : null;
  }

  adopt(sheet) {
    this.shadowRoot.adoptedStyleSheets = [...this.shadowRoot.adoptedStyleSheets, sheet];
  }

  draw() {
    this.box.style.setProperty("--hue", this.hue ?? session.brand.hue ?? 262);
    this.box.lang = this.language;
  }

  emit(name, detail = null) {
    return this.dispatchEvent(new CustomEvent(`wellchat-${name}`, { bubbles: true, composed: true, cancelable: true, detail }));
  }

  signOut() {
    return session.signOut();
  }

  changed() {
    this.draw();
  }
}
