/* Push on this device: the offer after a first message, and what is read goes from the screen. */

import { part } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { local } from "../lib/storage.js";

const DISMISSED = "wellchat.push.later"; // somebody said "not now": they are not asked again here

/* Whoever has just written wants to know when an answer comes: the one moment to offer it, once. */
export function pushOffer(root, app) {
  const refuse = () => {
    root.hidden = true;
    local.setItem(DISMISSED, "1");
  };
  const stop = app.store.on(async ({ confirmed }) => {
    if (!confirmed.length || local.getItem(DISMISSED)) return;
    stop();
    if ((await app.push.state()) === "off" && Notification.permission === "default") root.hidden = false;
  });
  part(root, "later").addEventListener("click", refuse);
  part(root, "on").addEventListener("click", async () => {
    const state = await app.push.turnOn().catch(() => "trouble");
    refuse();
    app.announce(state === "on" ? t("Notifications are turned on for this device.") : t("Notifications were not turned on."));
  });
}

/* What is read here or on another device is taken off this one's screen: at once while a page is open, else with the next. */
export function pushClearing(_root, app) {
  const read = new Set();
  app.store.on(({ notifications }) => {
    const fresh = notifications.filter((one) => one.read).map((one) => one.id);
    fresh.forEach((id) => read.add(id));
    if (fresh.length) app.push.clear((id) => read.has(id)).catch(() => {});
  });
  const look = async () => {
    if (document.visibilityState !== "visible" || !(await app.push.shownCount())) return;
    const { notifications, next } = await app.api.get("/notifications", { unread: true, limit: 100 });
    if (next) return; // which of so many are read cannot be told from one page
    const unread = new Set(notifications.map((one) => one.id));
    await app.push.clear((id) => !unread.has(id));
  };
  const lookQuietly = () => look().catch(() => {});
  document.addEventListener("visibilitychange", lookQuietly);
  lookQuietly();
  app.push.renew().catch(() => {});
}
