/* One frame of this site, and the page's side of the messages with it: docs/embed.md has the table. */

import { make } from "./make.js";

const MOST = 16_000; // characters of a message as JSON
const HELLO_WITHIN = 20_000; // ms
const OVER_WITHIN = 2000; // ms for a frame to end its session
const ATTRIBUTES = {
  sandbox: "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads",
  allow: "clipboard-write; fullscreen",
  referrerpolicy: "origin",
};

export class Frame {
  quiet = false; // another person's token is on its way: what it says is of the one before
  ready = false;
  #greeted = false;
  #timer = null;
  #gone = null;
  #over = new Promise((resolve) => (this.#gone = resolve));

  /** It stands in `box`. `on` hears emit(name, detail) and stopped(code); end() is called when it is gone. */
  constructor({ session, kind, query, box, on, end }) {
    Object.assign(this, { session, on, end });
    const url = new URL(kind, session.base);
    const all = { origin: location.origin, ...query };
    for (const name in all) if (all[name]) url.searchParams.set(name, all[name]);
    this.node = make("iframe", { ...ATTRIBUTES, src: url });
    session.frames.add(this);
    box.append(this.node);
    this.#timer = setTimeout(() => this.#fail({ code: "no-answer", text: "The frame: no answer" }), HELLO_WITHIN);
  }

  post(type, fields) {
    if (this.#greeted) this.node.contentWindow?.postMessage({ wellchat: 1, type, ...fields }, this.session.chat);
  }

  /** Resolves when it has ended its session, or has had the time to. */
  over() {
    if (this.#greeted) setTimeout(() => this.#stop("signed-out"), OVER_WITHIN);
    else this.remove();
    return this.#over;
  }

  remove() {
    clearTimeout(this.#timer);
    this.session.frames.delete(this);
    this.node.remove();
    this.#gone();
    this.end();
  }

  /** Takes a message of this frame. */
  take(data) {
    if (JSON.stringify(data).length > MOST) return;
    const { type, ...fields } = data;
    if (type === "hello") this.#greet();
    else if (type === "need-token") this.session.answer(this);
    else if (type === "ready") this.start(fields);
    else if (type === "error") this.#fail(fields);
    else if (!this.quiet) this.tell(type, fields);
  }

  start({ lang, brand }) {
    [this.ready, this.quiet] = [true, false];
    this.session.meetBrand({ lang, hue: brand?.accent_hue });
    this.on.emit("ready");
  }

  tell(type, fields) {
    if (type === "unread") this.session.count(fields, this);
  }

  #greet() {
    [this.#greeted, this.ready] = [true, false];
    clearTimeout(this.#timer);
    this.post("hello");
  }

  #fail({ code, text }) {
    if (!this.session.out) this.on.emit("error", { code, text });
    if (["signed-out", "refused", "no-answer"].includes(code)) this.#stop(code);
  }

  /* It will say nothing more: nothing that it showed stays. */
  #stop(code) {
    if (!this.session.frames.has(this)) return;
    if (code === "signed-out" && !this.session.out) this.on.emit("signed-out");
    this.remove();
    this.on.stopped(code);
  }
}
