/* What all elements of a page share: tokens of the host, the person, and what is unread. */

import { make } from "./make.js";
import { Tabs } from "./tabs.js";

const KEPT = 20_000; // ms in which several frames get the same token
const NONE = { messages: 0, notifications: 0 };
const SIGNED_OUT = { error: "signed-out" };

export class Session extends Tabs {
  elements = new Set(); // those in the page
  frames = new Set();
  unread = NONE;
  brand = {}; // lang, hue: what the first frame said that was ready
  out = false; // by signOut(): nothing starts by itself
  #supply = null;
  #asked = null; // {at, answer}: the last time that the host was asked
  #person = null; // `sub` of the last token
  #counted = false; // once: what was unread before is no news

  /** `base`: the address of this script. */
  constructor(base) {
    super();
    Object.assign(this, { base, chat: new URL(base).origin });
    addEventListener("message", (event) => this.#receive(event));
    addEventListener("pageshow", ({ persisted }) => persisted && this.#look());
  }

  configure(supply) {
    if (supply) this.#supply = supply;
    this.start();
  }

  /** Begins, or begins again after a sign-out: for who may be signed in now. */
  start() {
    this.out = false;
    this.#look();
    this.begin();
    for (const element of this.elements) element.restart?.();
  }

  join(element) {
    this.elements.add(element);
    this.begin();
  }

  leave(element) {
    this.elements.delete(element);
    if (!this.counts) this.end();
  }

  /** Whether an element shows what is unread: then the page needs a hub. */
  get counts() {
    return !this.out && [...this.elements].some((element) => element.counts);
  }

  emit(name, detail) {
    for (const element of this.elements) element.emit(name, detail);
  }

  /** The popup of the page; one is made if there is none. */
  popup() {
    const found = this.find("popup") ?? make("wellchat-popup", { button: "none" });
    if (!found.isConnected) document.body.append(found);
    return found;
  }

  find(name) {
    return [...this.elements].find(({ localName }) => localName === `wellchat-${name}`);
  }

  /** Gives a frame the token that it asked for. */
  async answer(frame) {
    let given = this.out || (await this.#token());
    if (!this.frames.has(frame)) return;
    if (this.out) given = SIGNED_OUT;
    if (given.token) this.#meet(subjectOf(given.token), given.token, frame);
    else if (given === SIGNED_OUT) this.#forget();
    frame.post("token", given);
  }

  /** Resolves when everything of the person is gone from this page. */
  signOut() {
    this.tell({ out: true });
    return this.#end();
  }

  /** `from`: the frame that counted; left out: another tab. */
  count({ messages, notifications }, from = null) {
    const before = this.unread;
    const unread = { messages: +messages || 0, notifications: +notifications || 0 };
    const isNews = this.#counted;
    [this.unread, this.#counted] = [unread, true];
    if (from && from === this.hub) this.share();
    if (isNews && before.messages === unread.messages && before.notifications === unread.notifications) return;
    for (const element of this.elements) element.counted?.(isNews ? unread.messages - before.messages : 0);
    this.emit("unread", { ...unread });
  }

  meetBrand(brand) {
    this.brand = brand;
    for (const element of this.elements) element.draw();
  }

  /** Hears what any other tab says. */
  hear({ out, person, ask }) {
    if (out && !this.out) this.#end();
    else if (person !== undefined && this.#person !== null && person !== this.#person) this.#look();
    else if (ask) this.share();
  }

  /** Hears what the tab shares that has the hub. */
  follow({ unread, brand }) {
    if (!unread || this.out) return;
    this.meetBrand(brand);
    this.count(unread);
  }

  async #end() {
    this.out = true;
    this.#forget();
    this.#drop();
    const frames = [...this.frames];
    for (const frame of frames) frame.post("token", SIGNED_OUT);
    await Promise.all(frames.map((frame) => frame.over()));
    for (const element of this.elements) element.stopped?.("signed-out");
    this.emit("signed-out");
  }

  /* Nobody is signed in at the host. */
  #forget() {
    this.#asked = null;
    if (this.#person === null) return;
    this.#person = null;
    this.tell({ person: null });
    this.#drop();
  }

  #drop() {
    this.count(NONE);
    this.#counted = false;
    for (const element of this.elements) element.drop?.();
  }

  /* A token is for this person. Everything of another one goes, in all frames and before this token is used. */
  #meet(person, token, asking) {
    const before = this.#person;
    if (person === before) return;
    this.#person = person;
    this.tell({ person });
    if (before === null) return;
    for (const frame of this.frames) {
      frame.quiet = true;
      if (frame !== asking) frame.post("token", { token });
    }
    this.#drop();
  }

  async #token() {
    if (!this.#asked || performance.now() - this.#asked.at > KEPT) this.#asked = { at: performance.now(), answer: this.#ask() };
    const asked = this.#asked;
    const given = await asked.answer;
    if (given.error && asked === this.#asked) this.#asked = null;
    return given;
  }

  async #ask() {
    try {
      if (!this.#supply) throw new Error("no data-token-url, no wellchat.configure({ token })");
      const token = await this.#supply();
      return token && typeof token === "string" ? { token } : SIGNED_OUT;
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
}

/* The `sub` of a JSON Web Token (RFC 7519), unchecked: it only says whether this may be somebody else. */
function subjectOf(token) {
  try {
    return String(JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"))).sub);
  } catch {
    return "";
  }
}
