/* Draws rows of notifications from the server's templates, one for each kind. */

import { clone, part, setAvatar, setTime, write } from "./dom.js";
import { t } from "./i18n.js";

/** Makes `list` show exactly these, in this order. Existing rows are updated and keep the focus. */
export function drawNotifications(list, notifications, times) {
  const focused = document.activeElement;
  const known = new Map([...list.children].map((item) => [item.firstElementChild.dataset.id, item]));
  list.replaceChildren(...notifications.map((one) => filled(known.get(one.id) ?? blank(one.kind), one, times)));
  if (focused !== document.activeElement && list.contains(focused)) focused.focus();
}

export function fillNotification(list, one, times) {
  const item = list.querySelector(`[data-id="${CSS.escape(one.id)}"]`)?.parentElement;
  if (item) filled(item, one, times);
}

function blank(kind) {
  return clone(document, part(document, `row-${kind}`) ? `row-${kind}` : "row-");
}

function filled(item, one, times) {
  const row = item.firstElementChild;
  const words = one.read ? t("Mark as unread") : t("Mark as read");
  const toggle = part(row, "toggle");
  row.dataset.id = one.id;
  row.classList.toggle("notification--unread", !one.read);
  part(row, "link").href = one.url;
  if (one.actor && part(row, "avatar")) setAvatar(part(row, "avatar"), one.actor);
  if (part(row, "site")) part(row, "site").hidden = !(part(row, "face").hidden = !one.actor);
  part(row, "title").title = part(row, "title").textContent = one.title;
  part(row, "preview").textContent = one.preview;
  write(part(row, "count"), one.count_words);
  part(row, "state").textContent = one.read ? "" : t("Unread");
  setTime(part(row, "time"), one.updated_at, times);
  toggle.elements.id.value = one.id;
  toggle.elements.read.value = one.read ? "0" : "1";
  part(row, "mark").title = words;
  part(row, "mark").setAttribute("aria-label", `${words}: ${one.title}`);
  return item;
}
