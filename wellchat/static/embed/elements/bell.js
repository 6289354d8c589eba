/* <wellchat-bell>: a button with the number of unread messages, which opens the popup, or leads to the inbox of the page. */

import { Shell } from "./element.js";
import { session } from "./here.js";
import { button, make } from "./make.js";

/** A button with a number, and a live region: a closed frame speaks to nobody. */
export class Counter {
  constructor(element, onclick) {
    this.element = element;
    this.button = button({ part: "button" }, "M17 9.5a6.5 6.5 0 0 1-9.4 5.8L3.5 16.5l1.2-3.7A6.5 6.5 0 1 1 17 9.5Z", onclick);
    this.badge = make("span", { class: "badge", part: "badge", "aria-hidden": true });
    this.aloud = make("span", { class: "aloud", role: "status" });
    this.node = make("div", { class: "bell" }, this.button, this.badge, this.aloud);
    element.box.append(this.node);
  }

  draw() {
    const { messages } = session.unread;
    const { label, words } = this.element;
    this.button.setAttribute("aria-label", messages ? `${label}, ${messages} ${words.unread}` : label);
    const expanded = this.element.isOpen ?? session.find("popup")?.isOpen;
    if (expanded === undefined) this.button.removeAttribute("aria-expanded");
    else this.button.setAttribute("aria-expanded", expanded);
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
  counts = true;
  counter = new Counter(this, () => this.#press());

  draw() {
    super.draw();
    this.counter.draw();
  }

  counted(more) {
    this.counter.say(more);
  }

  open(what) {
    session.popup().open(what);
  }

  close() {
    session.find("popup")?.close();
  }

  #press() {
    const inbox = !session.find("popup") && session.find("inbox");
    if (inbox) inbox.open();
    else session.popup().toggle(this.counter.button);
  }
}
