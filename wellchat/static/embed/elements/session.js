/* What all elements of a page share: tokens of the host, the person, the hub, what is unread, and the other tabs. */

import { Leader } from "../../js/models/leader.js";
import { Frame } from "./frame.js";

const KEPT = 20_000; // ms in which several frames get the same token
const CLAIM_AFTER = 3000; // ms a tab is visible before it takes the hub over
const AGAIN_AFTER = 60_000; // ms after which a hub that did not answer is tried again
const IDLE = { timeout: 1000 }; // ms after which a busy page has a hub all the same
const NONE = { messages: 0, notifications: 0 };

export class Session {
  elements = new Set(); // those in the page
  frames = new Set();
  unread = NONE;
  brand = {}; // lang, hue: what the first frame said that was ready
  out = false; // by signOut(): nothing starts by itself
  #supply = null;
  #asked = null; // {at, answer}: the last time that the host was asked
  #person = null; // `sub` of the last token
  #hub = null;
  #counted = false; // once: what was unread before is no news
  #leader = null;
  #channel = null;

  constructor({ base, window }) {
    Object.assign(this, { base, window, chat: new URL(base).origin });
    window.addEventListener("message", (event) => this.#receive(event));
    window.addEventListener("pageshow", ({ persisted }) => persisted && this.#look());
  }

  configure(supply) {
    if (supply) this.#supply = supply;
    this.start();
  }

  /** Begins, or begins again after a sign-out: for who may be signed in now. */
  start() {
    this.out = false;
    this.#look();
    this.#count();
    for (const element of this.elements) element.restart();
  }

  join(element) {
    this.elements.add(element);
    this.#count();
  }

  leave(element) {
    this.elements.delete(element);
    if (!this.#counts) this.#endHub();
  }

  emit(name, detail) {
    for (const element of this.elements) element.emit(name, detail);
  }

  /** The popup of the page; one is made if there is none. */
  popup() {
    const found = this.find("popup");
    if (found) return found;
    const made = this.window.document.createElement("wellchat-popup");
    made.setAttribute("button", "none");
    this.window.document.body.append(made);
    return made;
  }

  find(name) {
    return [...this.elements].find(({ localName }) => localName === `wellchat-${name}`);
  }

  /** Gives a frame the token that it asked for. */
  async answer(frame) {
    const given = this.out ? { error: "signed-out" } : await this.#token();
    if (!this.frames.has(frame)) return;
    if (this.out) return frame.post("token", { error: "signed-out" });
    if (given.token) this.#meet(subjectOf(given.token), given.token, frame);
    else if (given.error === "signed-out") this.#forget();
    frame.post("token", given);
  }

  /** Resolves when everything of the person is gone from this page. */
  async signOut() {
    this.#channel?.postMessage({ out: true });
    await this.#end();
  }

  /** `from`: the frame that counted; null: another tab. */
  count({ messages, notifications }, from = null) {
    const unread = { messages: Number(messages) || 0, notifications: Number(notifications) || 0 };
    if (from && from === this.#hub) this.#leader?.share({ unread, brand: this.brand });
    const { messages: before, notifications: others } = this.unread;
    const isNews = this.#counted;
    [this.unread, this.#counted] = [unread, true];
    if (isNews && before === unread.messages && others === unread.notifications) return;
    for (const element of this.elements) element.counted(isNews ? unread.messages - before : 0);
    this.emit("unread", { ...unread });
  }

  meetBrand(brand) {
    this.brand = brand;
    for (const element of this.elements) element.draw();
  }

  /** The hub has stopped. */
  stopped(code) {
    if (code === "no-answer") this.window.setTimeout(() => this.#count(), AGAIN_AFTER);
  }

  async #end() {
    this.out = true;
    this.#forget();
    this.#drop();
    const frames = [...this.frames];
    for (const frame of frames) frame.post("token", { error: "signed-out" });
    await Promise.all(frames.map((frame) => frame.over()));
    for (const element of this.elements) element.stopped("signed-out");
    this.emit("signed-out");
  }

  /* Nobody is signed in at the host. */
  #forget() {
    this.#asked = null;
    if (this.#person === null) return;
    this.#person = null;
    this.#channel?.postMessage({ person: null });
    this.#drop();
  }

  #drop() {
    this.count(NONE);
    this.#counted = false;
    for (const element of this.elements) element.drop();
  }

  /* A token is for this person. Everything of another one goes, in all frames and before this token is used. */
  #meet(person, token, asking) {
    const before = this.#person;
    if (person === before) return;
    this.#person = person;
    this.#channel?.postMessage({ person });
    if (before === null) return;
    for (const frame of this.frames) {
      frame.quiet = true;
      if (frame !== asking) frame.post("token", { token });
    }
    this.#drop();
  }

  async #token() {
    const { performance } = this.window;
    if (!this.#asked || performance.now() - this.#asked.at > KEPT) this.#asked = { at: performance.now(), answer: this.#ask() };
    const asked = this.#asked;
    const given = await asked.answer;
    if (given.error && asked === this.#asked) this.#asked = null;
    return given;
  }

  async #ask() {
    try {
      if (!this.#supply) throw new Error("there is no data-token-url, and no wellchat.configure({ token })");
      const token = await this.#supply();
      return token && typeof token === "string" ? { token } : { error: "signed-out" };
    } catch (error) {
      this.emit("error", { code: "token", text: error.message });
      return { error: "failed" };
    }
  }

  /* The page was put away and comes back, or another tab has another person: is this one still signed in? */
  #look() {
    this.#asked = null;
    for (const frame of this.frames) this.answer(frame);
  }

  #receive({ source, origin, data }) {
    if (origin !== this.chat || data?.wellchat !== 1) return;
    for (const frame of this.frames) if (frame.node.contentWindow === source) frame.take(data);
  }

  get #counts() {
    return [...this.elements].some((element) => element.counts);
  }

  /* One hub counts for all elements of this page, and for all tabs of the host. */
  #count() {
    if (this.out || !this.#counts) return;
    if (this.#leader) return this.#leader.leading && this.#beginHub();
    const { window } = this;
    const { document } = window;
    const name = `wellchat ${this.chat}`;
    this.#channel = window.BroadcastChannel ? new window.BroadcastChannel(name) : null;
    this.#channel?.addEventListener("message", ({ data }) => this.#hear(data));
    const isVisible = () => document.visibilityState === "visible";
    this.#leader = new Leader({
      name,
      locks: window.navigator.locks,
      channel: this.#channel,
      lead: () => (window.requestIdleCallback ?? window.setTimeout)(() => this.#beginHub(), IDLE),
      follow: () => (this.#endHub(), this.#channel.postMessage({ ask: true })),
      onMessage: ({ unread, brand }) => unread && !this.out && (this.meetBrand(brand), this.count(unread)),
    });
    this.#leader.start({ visible: isVisible() });
    document.addEventListener("visibilitychange", () => window.setTimeout(() => isVisible() && this.#counts && this.#leader.claim(), CLAIM_AFTER));
  }

  #hear({ out, person, ask }) {
    if (out && !this.out) this.#end();
    else if (person !== undefined && this.#person !== null && person !== this.#person) this.#look();
    else if (ask && this.#hub) this.#leader.share({ unread: this.unread, brand: this.brand });
  }

  #beginHub() {
    if (this.#hub || this.out || !this.#counts || !this.#leader.leading) return;
    // Below a shadow root, where the styles of the page do not show it.
    const holder = this.window.document.createElement("div");
    const box = holder.attachShadow({ mode: "closed" });
    this.window.document.body.append(holder);
    this.#hub = new Frame({ session: this, kind: "hub", box, on: this, end: () => (holder.remove(), (this.#hub = null)) });
    this.#hub.node.style.setProperty("display", "none");
  }

  #endHub() {
    this.#hub?.remove();
  }
}

/* The `sub` of a JSON Web Token (RFC 7519), unchecked: it only says whether this may be somebody else. */
function subjectOf(token) {
  try {
    return String(JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"))).sub);
  } catch {
    return "";
  }
}
