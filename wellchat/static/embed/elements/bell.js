/* <wellchat-bell>: a button with the number of unread messages, which opens the popup, or leads to the inbox of the page. */

import { button, Shell, make } from "./element.js";
import { session } from "./here.js";

/** A button with a number, and a live region: a closed frame speaks to nobody. */
export class Counter {
  constructor(element, onclick) {
    this.element = element;
    this.button = button({ part: "button" }, "message", onclick);
    this.badge = make("span", { class: "badge", part: "badge", "aria-hidden": "true" });
    this.aloud = make("span", { class: "aloud", role: "status" });
    this.node = make("div", { class: "bell" }, this.button, this.badge, this.aloud);
  }

  draw() {
    const { messages } = session.unread;
    const { label, words } = this.element;
    this.button.setAttribute("aria-label", messages ? `${label}, ${messages} ${words.unread}` : label);
    this.badge.textContent = messages > 99 ? "99+" : messages;
    this.badge.hidden = !messages;
  }

  /** Says that `more` messages came, once on a page, and not to who is reading them. */
  say(more) {
    this.draw();
    const { words } = this.element;
    const first = [...session.elements].find((each) => each.counts) === this.element;
    if (more > 0 && first && !document.activeElement?.frame) this.aloud.textContent = more === 1 ? words.one : `${more} ${words.many}`;
    else if (!session.unread.messages) this.aloud.textContent = "";
  }
}

export class Bell extends Shell {
  build() {
    this.counter = new Counter(this, () => this.#press());
    this.box.append(this.counter.node);
    this.rule(":host { display: inline-block; block-size: auto; }");
  }

  get counts() {
    return true;
  }

  draw() {
    super.draw();
    this.counter.draw();
    const popup = session.find("popup");
    if (popup) this.counter.button.setAttribute("aria-expanded", String(popup.isOpen));
    else this.counter.button.removeAttribute("aria-expanded");
  }

  counted(more) {
    this.counter.say(more);
  }

  #press() {
    const inbox = session.find("popup") ? null : session.find("inbox");
    if (inbox) inbox.open();
    else session.popup().toggle(this.counter.button);
  }
}
