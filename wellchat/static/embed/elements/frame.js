/* One frame of this site, and the page's side of the messages with it: docs/embed.md has the table. */

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
  #left = []; // who waits for its end
  #wanted = null; // what to open once it is ready
  #focuses = false; // once it is ready

  /** It stands in `box`. `on` hears emit(name, detail), height(pixels), closed(); end() is called when it is gone. */
  constructor({ session, kind, query = {}, box, on, end = () => {} }) {
    Object.assign(this, { session, kind, on, end });
    const { document, location, setTimeout } = session.window;
    const url = new URL(kind, session.base);
    for (const [name, value] of Object.entries({ origin: location.origin, ...query })) if (value) url.searchParams.set(name, value);
    this.node = document.createElement("iframe");
    for (const [name, value] of Object.entries(ATTRIBUTES)) this.node.setAttribute(name, value);
    this.node.src = url.href;
    session.frames.add(this);
    box.append(this.node);
    this.#timer = setTimeout(() => this.#fail({ code: "no-answer", text: "The frame did not answer" }), HELLO_WITHIN);
  }

  post(type, fields = {}) {
    if (this.#greeted) this.node.contentWindow?.postMessage({ wellchat: 1, type, ...fields }, this.session.chat);
  }

  open(what) {
    if (this.ready) this.post("open", what);
    else this.#wanted = what;
  }

  /** Gives the focus to what is in it. */
  focus() {
    this.node.focus();
    if (this.ready) this.post("focus");
    else this.#focuses = true;
  }

  /** Resolves when it has ended its session, or has had the time to. */
  over() {
    if (!this.#greeted) this.remove();
    if (!this.session.frames.has(this)) return Promise.resolve();
    this.session.window.setTimeout(() => this.#stop("signed-out"), OVER_WITHIN);
    return new Promise((resolve) => this.#left.push(resolve));
  }

  remove() {
    this.session.window.clearTimeout(this.#timer);
    this.session.frames.delete(this);
    this.node.remove();
    this.#left.splice(0).forEach((resolve) => resolve());
    this.end();
  }

  /** Takes a message of this frame. */
  take(data) {
    if (JSON.stringify(data).length > MOST) return;
    const { wellchat: _, type, ...fields } = data;
    if (type === "hello") this.#greet();
    else if (type === "need-token") this.session.answer(this);
    else if (type === "ready") this.#start(fields);
    else if (type === "error") this.#fail(fields);
    else if (!this.quiet) this.#tell(type, fields);
  }

  #greet() {
    [this.#greeted, this.ready] = [true, false];
    this.session.window.clearTimeout(this.#timer);
    this.post("hello");
  }

  #start({ lang, brand }) {
    [this.ready, this.quiet] = [true, false];
    this.session.meetBrand({ lang, hue: brand?.accent_hue });
    if (this.#wanted) this.post("open", this.#wanted);
    // It may have gone elsewhere meanwhile.
    if (this.#focuses && this.node.getRootNode().activeElement === this.node) this.post("focus");
    [this.#wanted, this.#focuses] = [null, false];
    this.on.emit("ready");
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
    this.on.stopped?.(code);
  }

  #tell(type, fields) {
    if (type === "unread") this.session.count(fields, this);
    else if (type === "height") this.on.height?.(Number(fields.height));
    else if (type === "title") this.node.title = String(fields.title);
    else if (type === "navigate") this.on.emit("navigate", { page: fields.page, thread: fields.thread ?? null });
    else if (type === "close") this.on.closed?.();
  }
}
