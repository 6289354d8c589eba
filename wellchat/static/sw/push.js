/* Service worker: push. Shows notifications and opens their page. */

// One push after the other: if notifications are listed while one is not drawn yet, Chromium forgets it, and a click on it
// does nothing.
const serialDraw = newSerialQueue();

self.addEventListener("push", (event) => {
  const payload = parsePush(event.data);
  event.waitUntil(serialDraw(() => showNotification(payload)));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openPage(event.notification.data.url));
});
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renewSubscription(event)));

/* Browsers insist on a notification for every push. One that cannot be read gets a general text. */
function parsePush(data) {
  try {
    const payload = data.json();
    if (payload && typeof payload === "object" && !Array.isArray(payload)) return payload;
  } catch {
    // empty, or not ours
  }
  return {};
}

async function showNotification({ title = "New notification", body = "", tag = "wellchat", url = "/notifications", id = null, at, unread, clear = [] }) {
  const { registration } = self;
  for (const one of await registration.getNotifications()) if (clear.includes(one.tag)) one.close();
  if (Number.isInteger(unread)) self.navigator.setAppBadge?.(unread).catch(() => {});
  // One per conversation; it alerts again when there is more.
  const known = await registration.getNotifications({ tag });
  await registration.showNotification(title, {
    body,
    tag,
    renotify: known.length > 0,
    timestamp: at ? Date.parse(at) : undefined,
    icon: "/icons/icon-192.png",
    data: { url, id },
  });
}

/* Opens the page in the tab that has it already, or in any tab of ours, or in a new one. Only pages of our own are opened. */
async function openPage(path) {
  const target = new URL(path, self.location.origin);
  if (target.origin !== self.location.origin) return;
  const tabs = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = tabs.find((tab) => new URL(tab.url).pathname === target.pathname);
  const tab = there ?? tabs[0];
  if (!tab) return self.clients.openWindow(target.href);
  await tab.focus().catch(() => {}); // browsers do not always allow it
  return tab.navigate(target.href).catch(() => self.clients.openWindow(target.href)); // a tab that this worker does not control
}

/* The browser or its push service ended the subscription: make a new one, which inherits its settings. */
async function renewSubscription({ oldSubscription, newSubscription }) {
  const { registration } = self;
  let fresh = newSubscription ?? (await registration.pushManager.getSubscription());
  if (!fresh) {
    const answer = await fetch("/api/push/key", { credentials: "same-origin" });
    if (!answer.ok) return; // signed out: there is nobody to notify
    const { public_key: key } = await answer.json();
    fresh = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  }
  const { endpoint, keys, expirationTime } = fresh.toJSON();
  await fetch("/api/push/devices", {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ endpoint, keys, expiration_time: expirationTime ?? null, replaces: oldSubscription?.endpoint ?? null }),
  });
}
