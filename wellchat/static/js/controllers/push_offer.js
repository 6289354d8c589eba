/* Offers push after a first message, and closes notifications that were read. */

import { part } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { local } from "../lib/storage.js";

const DISMISSED = "wellchat.push.later"; // the person said "not now" and is not asked again on this device

/* Offers push once, right after the person has written, when they want to know about the reply. */
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

/* Closes notifications that were read here or on another device: at once, or when the next page is opened. */
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
    if (next) return; // there are more than one page: we cannot tell which ones are read
    const unread = new Set(notifications.map((one) => one.id));
    await app.push.clear((id) => !unread.has(id));
  };
  const lookQuietly = () => look().catch(() => {});
  document.addEventListener("visibilitychange", lookQuietly);
  lookQuietly();
  app.push.renew().catch(() => {});
}
