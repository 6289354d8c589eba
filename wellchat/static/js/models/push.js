/* This browser's subscription to pushes: asked for only when a person says so, told to the server, ended with the session. */

const MARK = "wellchat.push"; // whose pushes this browser shows, and when the server was last told
const AGAIN = 3_600_000; // ms after which the server is told anew: it may have forgotten, or the session be another

/** Nobody is signed in here: who is next may be the same person in a new session, which the server has yet to hear of. */
export function doubt(storage) {
  const known = mark(storage);
  if (known) storage.setItem(MARK, JSON.stringify({ ...known, at: 0 }));
}

function mark(storage) {
  try {
    return JSON.parse(storage.getItem(MARK));
  } catch {
    return null;
  }
}

export class Push {
  /** `browser`: what of `window` it needs, so that it can be tested without one. */
  constructor({ api, storage, viewerId, browser = window, now = Date.now }) {
    Object.assign(this, { api, storage, viewerId, browser, now });
  }

  get possible() {
    const { navigator, PushManager, Notification, isSecureContext } = this.browser;
    return Boolean(isSecureContext && navigator.serviceWorker && PushManager && Notification);
  }

  /** "on", "off", "denied", or "impossible" */
  async state() {
    if (!this.possible) return "impossible";
    if (this.browser.Notification.permission === "denied") return "denied";
    const here = this.#mark()?.who === this.viewerId && (await this.#subscription());
    return here && this.browser.Notification.permission === "granted" ? "on" : "off";
  }

  /** Call it from a click: browsers ask the person only then. Resolves to the state that came of it. */
  async turnOn() {
    if ((await this.browser.Notification.requestPermission()) !== "granted") return this.state();
    const registration = await this.#register();
    await this.#tell(await this.#subscribed(registration));
    return this.state();
  }

  async turnOff() {
    const subscription = this.possible && (await this.#subscription());
    this.storage.removeItem(MARK);
    if (!subscription) return;
    await this.api.send("DELETE", "/push/devices", { endpoint: subscription.endpoint }, { keepalive: true }).catch(() => {});
    await subscription.unsubscribe();
  }

  /** The session ends: without waiting for anybody. Pushes that are still on their way find nobody here. */
  leave() {
    const mine = this.#mark();
    this.storage.removeItem(MARK);
    if (mine && this.possible) this.#subscription().then((subscription) => subscription?.unsubscribe()).catch(() => {});
  }

  /** On each page: what was turned on here stays on, also in a new session and after the browser lost it. */
  async keep() {
    if (!this.possible || this.browser.Notification.permission !== "granted") return;
    const mark = this.#mark();
    if (mark?.who !== this.viewerId || this.now() - mark.at < AGAIN) return;
    await this.#tell(await this.#subscribed(await this.#register()));
  }

  /** Takes what has been read off the screen of this device. `isRead(id)`: of a notification. */
  async clear(isRead) {
    const registration = this.possible && (await this.browser.navigator.serviceWorker.getRegistration("/"));
    if (!registration) return;
    for (const shown of await registration.getNotifications()) if (isRead(shown.data?.id)) shown.close();
  }

  /** How many this device shows. */
  async shown() {
    const registration = this.possible && (await this.browser.navigator.serviceWorker.getRegistration("/"));
    return registration ? (await registration.getNotifications()).length : 0;
  }

  #mark() {
    return mark(this.storage);
  }

  async #register() {
    await this.browser.navigator.serviceWorker.register("/sw.js", { scope: "/" });
    return this.browser.navigator.serviceWorker.ready;
  }

  async #subscription() {
    const registration = await this.browser.navigator.serviceWorker.getRegistration("/");
    return registration?.pushManager.getSubscription();
  }

  /* One that was made for another key of the server's is worth nothing any more. */
  async #subscribed(registration) {
    const { public_key: key } = await this.api.get("/push/key");
    const known = await registration.pushManager.getSubscription();
    if (known && spelled(known.options.applicationServerKey) === key) return known;
    await known?.unsubscribe();
    return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  }

  async #tell(subscription) {
    const { endpoint, keys, expirationTime } = subscription.toJSON();
    await this.api.send("POST", "/push/devices", { endpoint, keys, expiration_time: expirationTime ?? null });
    this.storage.setItem(MARK, JSON.stringify({ who: this.viewerId, at: this.now() }));
  }
}

/* A key as the server writes it: base64url without padding. */
function spelled(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
