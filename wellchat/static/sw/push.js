/* The service worker, pushes: shows what is pushed while nobody looks, and leads to it. */

// One push after the other: where somebody asks for the notifications while one is noted and not yet drawn, Chromium strikes
// it off its notes, and a click on it leads nowhere.
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

/* Browsers insist that every push is seen: one that cannot be read says so little that it harms nobody. */
function parsePush(data) {
  try {
    const payload = data.json();
    if (payload && typeof payload === "object" && !Array.isArray(payload)) return payload;
  } catch {
    // nothing in it, or nothing of ours
  }
  return {};
}

async function showNotification({ title = "New notification", body = "", tag = "wellchat", url = "/notifications", id = null, at, unread, clear = [] }) {
  const { registration } = self;
  for (const one of await registration.getNotifications()) if (clear.includes(one.tag)) one.close();
  if (Number.isInteger(unread)) self.navigator.setAppBadge?.(unread).catch(() => {});
  // One per conversation, which rings again when it has more to tell.
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

/* To the tab that has it open already, else to any of ours, else to a new one. Only ever to a page of our own. */
async function openPage(path) {
  const target = new URL(path, self.location.origin);
  if (target.origin !== self.location.origin) return;
  const tabs = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = tabs.find((tab) => new URL(tab.url).pathname === target.pathname);
  const tab = there ?? tabs[0];
  if (!tab) return self.clients.openWindow(target.href);
  await tab.focus().catch(() => {}); // browsers have their own views on when
  return tab.navigate(target.href).catch(() => self.clients.openWindow(target.href)); // one that we do not lead
}

/* The browser, or its push service, gave this subscription up: a new one takes its place, and inherits its settings. */
async function renewSubscription({ oldSubscription, newSubscription }) {
  const { registration } = self;
  let fresh = newSubscription ?? (await registration.pushManager.getSubscription());
  if (!fresh) {
    const answer = await fetch("/api/push/key", { credentials: "same-origin" });
    if (!answer.ok) return; // signed out: nobody here to be told
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
