/* The notifications page. New ones appear on top of the first page; on earlier pages rows only change. */

import { part } from "../lib/dom.js";
import { drawNotifications, fillNotification } from "../lib/notification_row.js";
import { bindList } from "./notification_menu.js";

const ON_A_PAGE = 30;

export function notificationsPage(root, app) {
  const list = part(root, "list");
  const { unread, kind, before } = root.dataset;

  async function load() {
    const { notifications } = await app.api.get("/notifications", { unread, kind, before, limit: ON_A_PAGE });
    drawNotifications(list, notifications, app.times);
    list.hidden = notifications.length === 0;
    part(root, "empty").hidden = notifications.length > 0;
  }
  const loadQuietly = () => load().catch(() => {}); // the next change or a reload tries again
  bindList(list, app, before ? () => {} : loadQuietly);
  app.store.on(({ notifications, unread: counted }) => {
    for (const one of notifications) fillNotification(list, one, app.times);
    if ((notifications.length || counted) && !before) loadQuietly();
  });
}
