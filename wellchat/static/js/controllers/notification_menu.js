/* The notifications menu: its count, and its list when it is opened. */

import { badgeText, part } from "../lib/dom.js";
import { OPEN_SELECTOR } from "../lib/popover.js";
import { t } from "../lib/i18n.js";

const SHOWN = 8;
const INDICATOR_DELAY = 300; // ms before the skeleton is shown

export function notificationMenu(root, app) {
  const menu = part(root, "menu");
  const list = part(root, "list");
  const button = part(root, "button");

  menu.addEventListener("toggle", (event) => event.newState === "open" && load());
  part(root, "read-all").addEventListener("submit", (event) => {
    event.preventDefault();
    mark(app, { all: true, read: true }).then(load);
  });
  bindList(list, app, load);
  button.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    menu.showPopover();
    load().then(() => stops(menu)[0]?.focus());
  });
  menu.addEventListener("keydown", (event) => move(menu, event));
  app.store.on(({ unread, notifications }) => {
    if (unread) showCount(root, app.store.unread.notifications);
    if (notifications.length && menu.matches(OPEN_SELECTOR)) load();
  });

  async function load() {
    const show = (name, shown) => (part(root, name).hidden = !shown);
    const timer = setTimeout(() => show("skeleton", list.childElementCount === 0), INDICATOR_DELAY);
    try {
      const [{ drawNotifications }, { notifications, unread }] = await Promise.all([
        import("../lib/notification_row.js"),
        app.api.get("/notifications", { limit: SHOWN }),
      ]);
      drawNotifications(list, notifications, app.times);
      show("empty", notifications.length === 0);
      show("trouble", false);
      app.store.apply({ unread: { notifications: unread } });
    } catch {
      show("trouble", list.childElementCount === 0); // existing rows stay; the link to all notifications works
    } finally {
      clearTimeout(timer);
      show("skeleton", false);
    }
  }
}

/* Opening a notification marks it as read; its dot marks it as read or unread. */
export function bindList(list, app, done) {
  list.addEventListener("click", ({ target }) => {
    const row = target.closest('[data-part="link"]')?.closest(".notification--unread");
    if (row) mark(app, { ids: [row.dataset.id], read: true });
  });
  list.addEventListener("submit", (event) => {
    event.preventDefault();
    const { id, read } = event.target.elements;
    mark(app, { ids: [id.value], read: read.value === "1" }).then(done);
  });
}

async function mark(app, which) {
  const answer = await app.api.send("PATCH", "/notifications", which, { keepalive: true }).catch(() => null);
  if (answer) app.store.apply({ unread: { notifications: answer.unread } });
}

const stops = (menu) => [...menu.querySelectorAll('[data-part="link"], .notification-menu__foot > a')];

const STEPS = { ArrowDown: (at, all) => at + 1, ArrowUp: (at) => at - 1, Home: () => 0, End: (_at, all) => all - 1 };

function move(menu, event) {
  const all = stops(menu);
  const row = document.activeElement.closest(".notification");
  const at = all.indexOf(row ? part(row, "link") : document.activeElement);
  const to = STEPS[event.key]?.(at, all.length);
  if (to === undefined) return;
  event.preventDefault();
  if (to < 0) part(menu.parentElement, "button").focus();
  else all[Math.min(to, all.length - 1)].focus();
}

function showCount(root, count) {
  const badge = part(root, "badge");
  badge.textContent = badgeText(count);
  badge.hidden = count === 0;
  part(root, "button").setAttribute("aria-label", count ? t("Notifications, %(num)s unread", { num: count }) : t("Notifications"));
  part(root, "read-all").hidden = count === 0;
}
