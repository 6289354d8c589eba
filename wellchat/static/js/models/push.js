/* The push subscription of this browser. Only a person turns it on; it is sent to the server, and ends with the session. */

const STORAGE_KEY = "wellchat.push"; // the person whose pushes this browser shows, and when it was last sent to the server
const RENEW_AFTER = 3_600_000; // ms after which it is sent again: the server may have deleted it, or the session may be new

/** Nobody is signed in: if the same person signs in again, the subscription must be sent for the new session. */
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
  /** `browser` has the parts of `window` that are needed, so that tests can replace them. */
  constructor({ api, storage, viewerId, browser = window, now = Date.now }) {
    Object.assign(this, { api, storage, viewerId, browser, now });
  }

  get supported() {
    const { navigator, PushManager, Notification, isSecureContext } = this.browser;
    return Boolean(isSecureContext && navigator.serviceWorker && PushManager && Notification);
  }

  /** Resolves to "on", "off", "denied", or "unsupported". */
  async state() {
    if (!this.supported) return "unsupported";
    if (this.browser.Notification.permission === "denied") return "denied";
    const here = this.#record()?.who === this.viewerId && (await this.#subscription());
    return here && this.browser.Notification.permission === "granted" ? "on" : "off";
  }

  /** Call it from a click, because browsers ask the person only then. Resolves to the new state. */
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

  /** Ends the subscription with the session, without waiting for the server. Pushes that are under way are not shown. */
  endSession() {
    const mine = this.#record();
    this.storage.removeItem(STORAGE_KEY);
    if (mine && this.supported) this.#subscription().then((subscription) => subscription?.unsubscribe()).catch(() => {});
  }

  /** Keeps push turned on, also in a new session and after the browser lost the subscription. Called on each page. */
  async renew() {
    if (!this.supported || this.browser.Notification.permission !== "granted") return;
    const record = this.#record();
    if (record?.who !== this.viewerId || this.now() - record.at < RENEW_AFTER) return;
    await this.#report(await this.#subscribe(await this.#registerWorker()));
  }

  /** Closes the notifications of this device for which `isRead(id)` is true. */
  async clear(isRead) {
    const registration = this.supported && (await this.browser.navigator.serviceWorker.getRegistration("/"));
    if (!registration) return;
    for (const shown of await registration.getNotifications()) if (isRead(shown.data?.id)) shown.close();
  }

  /** Resolves to how many notifications this device shows. */
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

  /* A subscription for another server key does not work any more. */
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

/* Reads a key of the server: base64url without padding. */
function base64url(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
