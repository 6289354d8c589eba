/* This browser's subscription to pushes: asked for only when a person says so, told to the server, ended with the session. */

const STORAGE_KEY = "wellchat.push"; // whose pushes this browser shows, and when the server was last told
const RENEW_AFTER = 3_600_000; // ms after which the server is told anew: it may have forgotten, or the session be another

/** Nobody is signed in here: who is next may be the same person in a new session, which the server has yet to hear of. */
export function markStale(storage) {
  const known = readRecord(storage);
  if (known) storage.setItem(STORAGE_KEY, JSON.stringify({ ...known, at: 0 }));
}

function readRecord(storage) {
  try {
    return JSON.parse(storage.getItem(STORAGE_KEY));
  } catch {
    return null;
  }
}

export class Push {
  /** `browser`: what of `window` it needs, so that it can be tested without one. */
  constructor({ api, storage, viewerId, browser = window, now = Date.now }) {
    Object.assign(this, { api, storage, viewerId, browser, now });
  }

  get supported() {
    const { navigator, PushManager, Notification, isSecureContext } = this.browser;
    return Boolean(isSecureContext && navigator.serviceWorker && PushManager && Notification);
  }

  /** "on", "off", "denied", or "unsupported" */
  async state() {
    if (!this.supported) return "unsupported";
    if (this.browser.Notification.permission === "denied") return "denied";
    const here = this.#record()?.who === this.viewerId && (await this.#subscription());
    return here && this.browser.Notification.permission === "granted" ? "on" : "off";
  }

  /** Call it from a click: browsers ask the person only then. Resolves to the state that came of it. */
  async turnOn() {
    if ((await this.browser.Notification.requestPermission()) !== "granted") return this.state();
    const registration = await this.#registerWorker();
    await this.#report(await this.#subscribe(registration));
    return this.state();
  }

  async turnOff() {
    const subscription = this.supported && (await this.#subscription());
    this.storage.removeItem(STORAGE_KEY);
    if (!subscription) return;
    await this.api.send("DELETE", "/push/devices", { endpoint: subscription.endpoint }, { keepalive: true }).catch(() => {});
    await subscription.unsubscribe();
  }

  /** The session ends: without waiting for anybody. Pushes that are still on their way find nobody here. */
  endSession() {
    const mine = this.#record();
    this.storage.removeItem(STORAGE_KEY);
    if (mine && this.supported) this.#subscription().then((subscription) => subscription?.unsubscribe()).catch(() => {});
  }

  /** On each page: what was turned on here stays on, also in a new session and after the browser lost it. */
  async renew() {
    if (!this.supported || this.browser.Notification.permission !== "granted") return;
    const record = this.#record();
    if (record?.who !== this.viewerId || this.now() - record.at < RENEW_AFTER) return;
    await this.#report(await this.#subscribe(await this.#registerWorker()));
  }

  /** Takes what has been read off the screen of this device. `isRead(id)`: of a notification. */
  async clear(isRead) {
    const registration = this.supported && (await this.browser.navigator.serviceWorker.getRegistration("/"));
    if (!registration) return;
    for (const shown of await registration.getNotifications()) if (isRead(shown.data?.id)) shown.close();
  }

  /** How many this device shows. */
  async shownCount() {
    const registration = this.supported && (await this.browser.navigator.serviceWorker.getRegistration("/"));
    return registration ? (await registration.getNotifications()).length : 0;
  }

  #record() {
    return readRecord(this.storage);
  }

  async #registerWorker() {
    await this.browser.navigator.serviceWorker.register("/sw.js", { scope: "/" });
    return this.browser.navigator.serviceWorker.ready;
  }

  async #subscription() {
    const registration = await this.browser.navigator.serviceWorker.getRegistration("/");
    return registration?.pushManager.getSubscription();
  }

  /* One that was made for another key of the server's is worth nothing any more. */
  async #subscribe(registration) {
    const { public_key: key } = await this.api.get("/push/key");
    const known = await registration.pushManager.getSubscription();
    if (known && base64url(known.options.applicationServerKey) === key) return known;
    await known?.unsubscribe();
    return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  }

  async #report(subscription) {
    const { endpoint, keys, expirationTime } = subscription.toJSON();
    await this.api.send("POST", "/push/devices", { endpoint, keys, expiration_time: expirationTime ?? null });
    this.storage.setItem(STORAGE_KEY, JSON.stringify({ who: this.viewerId, at: this.now() }));
  }
}

/* A key as the server writes it: base64url without padding. */
function base64url(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
