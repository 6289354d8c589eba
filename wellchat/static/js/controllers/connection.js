/* The connection banner: unsent messages, the age of a kept page, a new version. */

import { part } from "../lib/dom.js";
import { OPEN_SELECTOR } from "../lib/popover.js";
import { session } from "../lib/storage.js";
import { reload } from "../lib/surroundings.js";
import { Version, versionOf } from "../models/version.js";
import { t, tn } from "../lib/i18n.js";

const RELOAD_AFTER = 10_000; // ms for which a page is hidden before it reloads by itself

/** Returns the text of the banner, or "" while all is well. `kept` is the time of a page from the offline cache. */
export function bannerWords({ state, online, waiting, kept, times }) {
  if (state === "live" && online) return "";
  const away = state === "offline" || !online;
  if (kept) return [keptWords({ away, kept, times }), waitWords(waiting)].filter(Boolean).join(" ");
  if (state === "trouble" && online) return t("The server is not answering. Trying again…");
  if (!away) return "";
  if (!waiting) return t("You seem to be offline. What you write will be sent when you are back.");
  return tn(
    "You seem to be offline. %(num)s message will be sent when you are back.",
    "You seem to be offline. %(num)s messages will be sent when you are back.",
    waiting,
  );
}

function keptWords({ away, kept, times }) {
  const today = times.day(kept) === t("Today");
  const at = today ? times.clock(kept) : times.full(kept);
  if (away && today) return t("You are offline. You see this page as of %(time)s.", { time: at });
  if (away) return t("You are offline. You see this page as of %(day)s.", { day: at });
  if (today) return t("The server has not answered yet. You see this page as of %(time)s.", { time: at });
  return t("The server has not answered yet. You see this page as of %(day)s.", { day: at });
}

function waitWords(waiting) {
  if (!waiting) return "";
  return tn("%(num)s message is waiting to be sent.", "%(num)s messages are waiting to be sent.", waiting);
}

export function connectionStatus(root, app) {
  const banner = part(root, "connection");
  let { kept } = document.documentElement.dataset;
  let state = kept ? "asking" : "live";
  const show = () => {
    const waiting = [...app.store.pending.values()].filter((entry) => entry.state === "waiting").length;
    const words = bannerWords({ state, online: navigator.onLine, waiting, kept, times: app.times });
    if (banner.textContent !== words) banner.textContent = words;
  };
  const turn = (next) => {
    state = next;
    if (state === "live" && kept) {
      kept = null; // the updates have brought the page up to date
      delete document.documentElement.dataset.kept;
    }
    show();
  };
  let leaving = false; // do not reload while a form ends this session
  document.addEventListener("submit", (event) => (leaving ||= !event.defaultPrevented));
  app.onState = (next) => {
    if (next !== "signed-out") turn(next);
    else if (app.sessionEnd.ranOut && unsent(app)) import("../lib/ran_out.js").then(({ sayRanOut }) => sayRanOut());
    else if (!leaving) reload();
  };
  app.store.on(({ pending, confirmed, dropped }) => (pending.length || confirmed.length || dropped.length) && show());
  window.addEventListener("offline", () => turn("offline"));
  window.addEventListener("online", () => turn(kept ? "asking" : "live"));
  show();
}

const unsent = ({ store }) => store.pending.size > 0 || [...document.querySelectorAll("textarea")].some(changed);

/** Applies the updates that came after the page was kept. They are not announced to screen readers. */
export async function catchUp(app) {
  if (!document.documentElement.dataset.kept) return;
  const news = await app.offlineCache.read(app.open?.id);
  const { announce } = app;
  app.announce = () => {};
  app.store.apply(news);
  app.announce = announce;
}

export function newVersion(root, app) {
  const { kept } = document.documentElement.dataset;
  const version = new Version({
    own: versionOf(import.meta.url),
    storage: session,
    ready() {
      app.offlineCache.updateWorker().catch(() => {});
      root.hidden = false;
      app.announce(t("A new version is ready."));
      leave();
    },
  });
  app.onVersion = (seen) => version.observe(seen);

  /* The page is hidden, nothing is unfinished, and the reader is where a reload would bring them. */
  const harmless = () =>
    document.visibilityState === "hidden" && !kept && navigator.onLine && !app.store.pending.size && (app.open?.atEnd() ?? true) &&
    !document.querySelector(`dialog[open], ${OPEN_SELECTOR}`) &&
    [...document.querySelectorAll("textarea, input:not([type=hidden])")].every((field) => !changed(field));
  let timer = null;
  const leave = () => {
    clearTimeout(timer);
    timer = setTimeout(() => version.mayReload(harmless()) && reload(), RELOAD_AFTER);
  };
  document.addEventListener("visibilitychange", leave);
  part(root, "reload").addEventListener("click", () => reload());
}

const changed = (field) => (["checkbox", "radio"].includes(field.type) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue);
