/* The bell: its count, and its list when it is opened. */

import { badgeText, clone, part, setAvatar, setTime } from "../lib/dom.js";

const SHOWN = 8;
const PATIENCE = 300; // ms before a waiting shape is worth showing

export function bell(root, app) {
  const menu = part(root, "menu");
  const list = part(root, "list");

  menu.addEventListener("toggle", (event) => event.newState === "open" && load());
  part(root, "read-all").addEventListener("submit", (event) => {
    event.preventDefault();
    read({ all: true });
  });
  list.addEventListener("click", (event) => {
    const row = event.target.closest("[data-id]");
    if (row?.classList.contains("notification--unread")) read({ ids: [row.dataset.id] });
  });

  app.store.on(({ unread, notifications }) => {
    if (unread) showCount(root, app.store.unread.notifications);
    if (notifications.length && menu.matches(":popover-open")) load();
  });

  async function load() {
    const timer = setTimeout(() => (part(root, "skeleton").hidden = list.childElementCount > 0), PATIENCE);
    try {
      const { notifications, unread } = await app.api.get("/notifications", { limit: SHOWN });
      list.replaceChildren(...notifications.map((one) => drawn(root, one, app.times)));
      part(root, "empty").hidden = notifications.length > 0;
      app.store.apply({ unread: { notifications: unread } });
    } catch {
      // what was there stays; the link to all of them works
    } finally {
      clearTimeout(timer);
      part(root, "skeleton").hidden = true;
    }
  }

  async function read(which) {
    const answer = await app.api.send("PATCH", "/notifications", { ...which, read: true }, { keepalive: true }).catch(() => null);
    if (answer) app.store.apply({ unread: { notifications: answer.unread } });
    if (answer && which.all) list.querySelectorAll(".notification").forEach((row) => row.classList.remove("notification--unread"));
  }
}

function drawn(root, one, times) {
  const item = clone(root, "row");
  const row = item.firstElementChild;
  row.href = one.url;
  row.dataset.id = one.id;
  row.classList.toggle("notification--unread", !one.read);
  if (one.actor) setAvatar(part(row, "avatar"), one.actor);
  part(row, "title").textContent = one.title;
  part(row, "preview").textContent = one.preview;
  part(row, "state").textContent = one.read ? "" : "Unread";
  setTime(part(row, "time"), one.updated_at, times);
  return item;
}

function showCount(root, count) {
  const badge = part(root, "badge");
  badge.textContent = badgeText(count);
  badge.hidden = count === 0;
  part(root, "button").setAttribute("aria-label", count ? `Notifications, ${count} unread` : "Notifications");
  part(root, "read-all").hidden = count === 0;
}
