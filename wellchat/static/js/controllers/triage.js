/* Changes rows of the inbox: one, or all that are selected. Each change shows itself, and can be undone for ten seconds. */

import { part } from "../lib/dom.js";
import { go } from "../lib/surroundings.js";
import { session } from "../lib/storage.js";
import { t, tn } from "../lib/i18n.js";

const UNDO = "wellchat.undo";
const LASTS = 10_000; // ms
const MOST = 300; // threads of one call

const made = new WeakMap();

export function triage(root, app, options) {
  if (!made.has(root)) made.set(root, make(root, app, options));
  return made.get(root);
}

export function stateOf(row, shows) {
  const has = (name) => row.classList.contains(`conversation--${name}`);
  const waiting = part(row, "waiting")?.dataset.since !== undefined;
  return { pinned: has("pinned"), archived: has("archived"), muted: has("muted"), unread: has("unread"), snoozed: shows.snoozed, waiting };
}

function make(root, app, { open, query, shows, rows }) {
  const toast = part(root, "toast");
  const bulk = part(root, "bulk");
  let last = null; // the row from which Shift selects on
  let timer = null;

  const picked = () => rows().filter((row) => part(row, "pick").checked);

  /** Makes one change of rows. An update brings the result. */
  async function apply(which, change) {
    const all = [which].flat();
    const [name] = Object.keys(change);
    if (change[name] === "toggle") change = { [name]: !stateOf(all[0], shows)[name] };
    const ids = all.map((row) => row.dataset.threadId);
    const undo = { restore: [], fields: [] };
    try {
      for (let at = 0; at < ids.length; at += MOST) {
        const { before, fields, unread, inbox } = await app.api.send("PATCH", "/threads", { ids: ids.slice(at, at + MOST), ...change });
        undo.restore.push(...before);
        undo.fields = fields;
        app.store.apply({ unread, inbox });
      }
    } catch (error) {
      return app.announce(`${t("That did not work.")} ${error.message}`);
    }
    const words = ids.length > 1 ? `${DONE[name](change[name])} · ${tn("%(num)s conversation", "%(num)s conversations", ids.length)}` : DONE[name](change[name]);
    app.announce(words);
    offer({ words, undo, until: Date.now() + LASTS });
    if (ids.length > 1) pickNone();
    // If the open conversation was put away, go back to the list.
    const away = (name === "archived" && change.archived !== shows.archived) || (name.startsWith("snooze") && change[name]);
    if (open && ids.includes(open) && away) go(query ? `/?${query}` : "/");
  }

  /* Kept for the page that an act leads to, too. */
  function offer(offered) {
    session.setItem(UNDO, JSON.stringify(offered));
    part(root, "toast-words").textContent = offered.words;
    toast.hidden = false;
    expire(offered.until);
  }

  function expire(until) {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (toast.matches(":hover, :focus-within")) return expire(Date.now() + 1000); // somebody is about to press it
      close();
    }, Math.max(0, until - Date.now()));
  }

  function close() {
    clearTimeout(timer);
    session.removeItem(UNDO);
    toast.hidden = true;
  }

  async function undo() {
    const kept = JSON.parse(session.getItem(UNDO) ?? "null");
    if (!kept || toast.hidden) return false;
    close();
    const { restore, fields } = kept.undo;
    try {
      for (let at = 0; at < restore.length; at += MOST) {
        const { unread, inbox } = await app.api.send("PATCH", "/threads", { restore: restore.slice(at, at + MOST), fields });
        app.store.apply({ unread, inbox });
      }
      app.announce(t("Undone"));
    } catch (error) {
      app.announce(`${t("That did not work.")} ${error.message}`);
    }
  }

  part(root, "undo").addEventListener("click", undo);
  const kept = JSON.parse(session.getItem(UNDO) ?? "null");
  if (kept?.until > Date.now()) offer(kept);
  else if (kept) close();

  /** Selects a row, or with `through` all from the one before to it. */
  function pick(row, { through = false, on } = {}) {
    const all = rows();
    begin();
    const state = on ?? !part(row, "pick").checked;
    const from = through && last?.isConnected ? all.indexOf(last) : all.indexOf(row);
    const [first, end] = [from, all.indexOf(row)].sort((a, b) => a - b);
    for (const each of all.slice(first, end + 1)) part(each, "pick").checked = through || state;
    last = row;
    say();
  }

  function begin() {
    root.dataset.picking = "";
    rows().forEach((row) => (part(row, "pick").hidden = false));
    bulk.hidden = false;
  }

  function pickNone() {
    delete root.dataset.picking;
    for (const row of rows()) Object.assign(part(row, "pick"), { checked: false, hidden: true });
    bulk.hidden = true;
    last = null;
  }

  function say() {
    const count = picked().length;
    part(root, "selected").textContent = tn("%(num)s selected", "%(num)s selected", count);
    for (const button of bulk.querySelectorAll("[data-bulk]:not([data-bulk=none], [data-bulk=all])")) button.disabled = !count;
    if (!count) pickNone();
  }

  bulk.addEventListener("click", ({ target }) => {
    const { bulk: name } = target.closest("[data-bulk]")?.dataset ?? {};
    if (!name) return;
    if (name === "none") return pickNone();
    if (name === "all") {
      for (const row of rows()) part(row, "pick").checked = true;
      return say();
    }
    const changes = { read: { read: true }, archived: { archived: !shows.archived }, snooze: { snooze: shows.snoozed ? null : "tomorrow" } };
    apply(picked(), changes[name]);
  });

  /* Rows that come while some are selected can be selected too. */
  app.store.on(({ threads }) => threads.length && root.dataset.picking !== undefined && begin());

  return { apply, undo, pick, pickNone, picked, stateOf: (row) => stateOf(row, shows) };
}

const DONE = {
  read: () => t("Marked as read"),
  pinned: (on) => (on ? t("Pinned") : t("Unpinned")),
  archived: (on) => (on ? t("Archived") : t("Moved to the inbox")),
  mute: (on) => (on ? t("Muted") : t("Unmuted")),
  snooze: (on) => (on ? t("Snoozed") : t("Back in the inbox")),
  snooze_on: () => t("Snoozed"),
  needs_answer: () => t("Needs no answer"),
};
