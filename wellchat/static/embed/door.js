/* The frame's side of the messages between the windows, and its access token, which stays in this object.
   docs/embed.md has the table of messages. */

const MOST = 16_000; // characters of a message as JSON
const PAUSES = [1, 2, 5, 15, 60]; // seconds before another try; after the last one it stops
const ANSWER_WITHIN = 30; // seconds for a token to come
const RENEW_AT = 0.8; // of its life

export class Door {
  #access = null; // the access token
  #subject = null; // `sub` of the host's token
  #person = null; // our id of the person
  #greeted = false;
  #failures = 0;
  #stopped = false;
  #timer = null; // of the next thing to happen: an answer that is late, another try, a renewal
  #reason = "start";
  #waiting = []; // calls that wait for the next token, or for the end

  /** Of `on`: session({language, brand}), drop() before another person, stop(code), message(data) for the rest. */
  constructor({ origin, kind, on, window = globalThis.window }) {
    Object.assign(this, { origin, kind, on, window });
    window.addEventListener("message", (event) => this.#receive(event));
    this.post("hello", { frame: kind });
  }

  post(type, fields = {}) {
    this.window.parent.postMessage({ wellchat: 1, type, ...fields }, this.origin);
  }

  /** Makes a request as this person. After a 401 it asks for a token and tries once more. `fetch` is that of the window that
      waits: with the window the request goes, too. */
  async fetch(fetch, url, options = {}) {
    const used = this.#access;
    const answer = await fetch(url, this.#signed(options));
    if (answer.status !== 401 || !(await this.#fresh(used))) return answer;
    return fetch(url, this.#signed(options));
  }

  authorize(xhr) {
    xhr.setRequestHeader("Authorization", `Bearer ${this.#access}`);
  }

  get headers() {
    return { Authorization: `Bearer ${this.#access}` };
  }

  #signed(options) {
    return { ...options, headers: { ...options.headers, ...this.headers }, credentials: "omit" };
  }

  #receive({ source, origin, data }) {
    if (source !== this.window.parent || origin !== this.origin) return;
    if (data?.wellchat !== 1 || typeof data.type !== "string" || !isSmall(data)) return;
    if (data.type === "hello") this.#greet();
    else if (data.type === "token") this.#take(data);
    else if (this.#greeted) this.on.message(data);
  }

  #greet() {
    if (this.#greeted) return;
    this.#greeted = true;
    this.#ask("start");
  }

  #ask(reason) {
    this.#reason = reason;
    this.post("need-token", { reason });
    this.#after(ANSWER_WITHIN, () => this.#failed());
  }

  #after(seconds, act) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, seconds * 1000);
  }

  #failed() {
    if (this.#failures === PAUSES.length) return this.#stop("signed-out");
    this.#after(PAUSES[this.#failures], () => this.#ask(this.#reason));
    this.#failures += 1;
  }

  #take({ token, error }) {
    if (!this.#greeted) return;
    if (error === "failed") return this.#stopped || this.#failed();
    if (typeof token === "string") return this.#exchange(token);
    if (error === "signed-out") this.#stop("signed-out");
  }

  async #exchange(token) {
    const subject = subjectOf(token);
    // Before the first byte of somebody else is asked for.
    if (this.#subject !== null && subject !== this.#subject) this.#drop();
    this.#subject = subject;
    this.#stopped = false;
    this.#after(ANSWER_WITHIN, () => this.#failed());
    const answer = await this.#begin(token);
    if (subject !== this.#subject) return; // another person's token came meanwhile
    if (answer === null) return this.#retry(token);
    if (!answer.ok) return this.#stop("refused");
    const session = await answer.json();
    if (this.#person !== null && this.#person !== session.user.id) this.#drop();
    [this.#person, this.#access, this.#failures] = [session.user.id, session.access_token, 0];
    this.#after(session.expires_in * RENEW_AT, () => this.#ask("renew"));
    this.#settle(true);
    this.on.session(session);
  }

  /* Resolves to the response of our server, or to null if it cannot say anything now. */
  async #begin(token) {
    const headers = { "Content-Type": "application/json", Accept: "application/json" };
    const body = JSON.stringify({ token, origin: this.origin });
    const options = { method: "POST", headers, body, credentials: "omit", cache: "no-store" };
    const answer = await fetch("/api/embed/sessions", options).catch(() => null);
    return answer === null || answer.status === 429 || answer.status >= 500 ? null : answer;
  }

  /* Our server does not answer: the host need not make another token as long as this one may be good. */
  #retry(token) {
    if (this.#failures === PAUSES.length) return this.#stop("signed-out");
    this.post("error", { code: "unreachable", text: this.on.words("unreachable") });
    this.#after(PAUSES[this.#failures], () => this.#exchange(token));
    this.#failures += 1;
  }

  /** Resolves to whether there is another token than `used`. */
  #fresh(used) {
    if (this.#stopped) return Promise.resolve(false);
    if (this.#access !== used) return Promise.resolve(this.#access !== null);
    if (!this.#waiting.length) this.#ask("expired");
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #settle(good) {
    this.#waiting.splice(0).forEach((resolve) => resolve(good));
  }

  /* Everything of the person goes, here and on the server. */
  #drop() {
    if (this.#access) fetch("/api/embed/sessions/current", { method: "DELETE", headers: this.headers, credentials: "omit", keepalive: true }).catch(() => {});
    [this.#access, this.#person, this.#subject] = [null, null, null];
    this.#settle(false);
    this.on.drop();
  }

  #stop(code) {
    clearTimeout(this.#timer);
    this.#drop();
    [this.#stopped, this.#failures] = [true, 0];
    this.on.stop(code);
    this.post("error", { code, text: this.on.words(code) });
  }
}

function isSmall(data) {
  try {
    return JSON.stringify(data).length <= MOST;
  } catch {
    return false; // what JSON cannot hold is none of ours
  }
}

/* The `sub` of a JSON Web Token (RFC 7519), unchecked: it only says whether this may be somebody else. */
function subjectOf(token) {
  try {
    const bytes = Uint8Array.from(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
    return String(JSON.parse(new TextDecoder().decode(bytes)).sub);
  } catch {
    return "";
  }
}
