/* Binds controllers to their elements, and starts the updates of the page. */

import { attach, gallery, pictures } from "./controllers/attach.js";
import { notificationMenu } from "./controllers/notification_menu.js";
import { composer } from "./controllers/composer.js";
import { catchUp, connectionStatus, newVersion } from "./controllers/connection.js";
import { emoji } from "./controllers/emoji.js";
import { signOut, sidePanel, themeChoice, pageTitle, unreadBadge } from "./controllers/layout.js";
import { inbox } from "./controllers/inbox.js";
import { characterCount } from "./controllers/character_count.js";
import { messages } from "./controllers/messages.js";
import { pins } from "./controllers/pins.js";
import { pushClearing, pushOffer } from "./controllers/push_offer.js";
import { search } from "./controllers/search.js";
import { thread } from "./controllers/thread.js";
import { Attention } from "./lib/attention.js";
import { menuKeys } from "./lib/menu_keys.js";
import { turnDays } from "./lib/day_turn.js";
import { loadPopoverPolyfill } from "./lib/popover.js";
import { ServerClock } from "./lib/server_clock.js";
import { keepsWords, local, session, words } from "./lib/storage.js";
import { browser, frame, request } from "./lib/surroundings.js";
import { Times } from "./lib/times.js";
import { followKeyboard } from "./lib/viewport.js";
import { Api } from "./models/api.js";
import { Drafts } from "./models/drafts.js";
import { OfflineCache } from "./models/offline_cache.js";
import { BackgroundQueue, QUEUE } from "./models/background_queue.js";
import { Outbox } from "./models/outbox.js";
import { Push, markStale } from "./models/push.js";
import { SessionEnd } from "./models/session_end.js";
import { Store } from "./models/store.js";
import { OptimisticChanges } from "./models/optimistic_changes.js";
import { sync } from "./sync.js";

const CONTROLLERS = { attach, notificationMenu, pushClearing, composer, emoji, gallery, inbox, signOut, characterCount, messages, pushOffer, sidePanel, pictures, pins, search, connectionStatus, themeChoice, thread, pageTitle, unreadBadge, newVersion };

/* Controllers that only one page needs are loaded with that page. */
const lazy = (file, name) => (element, app) => import(`./controllers/${file}.js`).then((module) => module[name](element, app));
Object.assign(CONTROLLERS, {
  apiDocs: lazy("api_docs", "apiDocs"),
  devices: lazy("devices", "devices"),
  notificationsPage: lazy("notifications_page", "notificationsPage"),
  recents: lazy("recents", "recents"),
});

/* Those of the features that are on: data-controller -> module. */
for (const [name, module] of Object.entries(JSON.parse(document.documentElement.dataset.scripts ?? "{}"))) {
  CONTROLLERS[name] = (element, app) => import(`./features/${module}.js`).then((loaded) => loaded[name](element, app));
}

function start() {
  const { viewerId, timeZone, now, kept, cursor, maxWait, unreadMessages, unreadNotifications } = document.documentElement.dataset;
  const sessionEnd = new SessionEnd({ fetch: request, viewerId: viewerId ?? "", storage: words, session, caches: browser.caches });
  if (!viewerId || "heldBack" in document.documentElement.dataset) return startForStranger(sessionEnd);
  sessionEnd.forgetOthers();
  const clock = new ServerClock();
  if (!kept) clock.set(Number(now)); // a page that a device kept tells an old time
  const api = new Api({
    fetch: request,
    onTime: clock.set,
    csrf: document.querySelector('meta[name="csrf-token"]').content,
    viewerId,
  });
  const store = new Store({
    viewerId,
    unread: { messages: Number(unreadMessages), notifications: Number(unreadNotifications) },
  });
  const { worker, locks, caches } = browser;
  const backgroundQueue = keepsWords && worker && locks ? new BackgroundQueue({ caches, worker, viewerId }) : null;
  const app = {
    viewerId,
    api,
    store,
    optimistic: new OptimisticChanges(),
    clock,
    times: new Times({ zone: timeZone, now: clock.now }),
    drafts: new Drafts({ storage: words, viewerId }),
    outbox: new Outbox({ api, store, storage: words, viewerId, locks, backgroundQueue }),
    offlineCache: new OfflineCache({ worker, caches, viewerId }),
    push: new Push({ api, storage: local, viewerId }),
    sessionEnd,
    attention: new Attention(),
    announce,
    onState: () => {},
    onVersion: () => {},
    open: null, // the thread on this page: {id, first(), last(), atEnd(), draw(change)}
  };
  if (!keepsWords) caches?.delete(QUEUE).catch(() => {}); // left from before; the outbox has it
  loadPopoverPolyfill();
  app.drafts.listen(window);
  bind(app);
  document.addEventListener("keydown", menuKeys);
  turnDays(app, () => store.apply({}));
  followKeyboard();
  window.addEventListener("storage", (event) => event.storageArea === words && app.outbox.onStorage(event));
  app.outbox.resume();
  catchUp(app).catch(() => {});
  whenIdle(() => app.offlineCache.register(location.pathname).catch(() => {}));
  if ("zoneUnknown" in document.documentElement.dataset) sendTimeZone(api);
  sync(app, { cursor, wait: Number(maxWait) });
  frame?.started(app);
}

/* Nobody is signed in, or somebody who must set up a second factor first: there is nothing to keep up to date, and only
   what stands in the page itself is bound. */
function startForStranger(sessionEnd) {
  bind({ announce }, document.querySelector("main"));
  if (!sessionEnd.viewerId) deleteLeftWords(sessionEnd);
}

/* It may be the offline page, so only our server's word counts. */
async function deleteLeftWords(sessionEnd) {
  markStale(local);
  if (sessionEnd.hasWords()) await sessionEnd.check();
  const notice = document.querySelector('[data-part="lost"]');
  if (notice && sessionEnd.takeLoss()) notice.hidden = false;
}

function bind(app, root = document) {
  for (const element of root.querySelectorAll("[data-controller]")) {
    for (const name of element.dataset.controller.split(" ")) CONTROLLERS[name]?.(element, app); // none where its feature is off
  }
}

/* Load modules for later pages after those that this page needs. */
function whenIdle(work) {
  const wait = () => ("requestIdleCallback" in window ? requestIdleCallback(work, { timeout: 3000 }) : setTimeout(work, 1000));
  if (document.readyState === "complete") wait();
  else window.addEventListener("load", wait, { once: true });
}

/* On the first visit of a person without a time zone: the server uses it from the next page on. */
function sendTimeZone(api) {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  if (timeZone) api.send("PUT", "/time-zone", { time_zone: timeZone }).catch(() => {});
}

/* Announces a text to screen readers. */
function announce(text) {
  const line = document.createElement("span");
  line.textContent = text;
  document.querySelector('[data-part="announcer"]').replaceChildren(line);
}

/* WebKit runs modules before the style sheet is loaded, so that sizes measured then are wrong. */
const styles = document.querySelector('link[rel="stylesheet"]');
if (styles.sheet) start();
else new Promise((there) => [styles, window].forEach((one) => one.addEventListener("load", there))).then(start);
