/* Connects the poller, the tabs of this browser, and the store. */

import { Leader } from "./models/leader.js";
import { Poller } from "./models/poller.js";
import { browser } from "./lib/surroundings.js";

export function sync(app, { cursor, wait }) {
  const { api, store, attention } = app;
  let before = "live";
  let ending = null; // the look at whether the session is over

  /* The first refusal of any call says that the session is over; a poll may hang for a while. */
  api.onSignedOut = async (path) => {
    if (path === "/updates" || ending) return;
    ending = endSession(app);
    if (await ending) app.onState("signed-out");
    else ending = null;
  };

  /* Shows the state of the connection. When it is back, the outbox need not wait any longer. */
  async function setState(state) {
    if (state === "signed-out") await (ending ??= endSession(app));
    if (state === "live" && before !== "live") app.outbox.sendNow();
    before = state;
    app.onState(state);
  }

  const poller = new Poller({
    api,
    cursor,
    wait,
    visible: () => attention.visible,
    flags: () => ({
      active: attention.active ? 1 : undefined,
      looking: app.open && attention.looking ? app.open.id : undefined,
    }),
    apply(update, since) {
      store.apply(update);
      leader.share({ since, update });
      app.offlineCache.addUpdate(update);
    },
    resync: (reason, fresh) => resync(app, fresh),
    onVersion(version) {
      app.onVersion(version);
      leader.share({ version });
    },
    onState(state) {
      setState(state);
      leader.share({ state });
    },
  });

  const leader = new Leader({
    name: `wellchat.poll.${app.viewerId}`,
    locks: browser.locks,
    channel: browser.channel(`wellchat.${app.viewerId}`),
    lead: () => poller.start(),
    follow() {
      poller.stop();
      poller.pollOnce(); // the leading tab may have shared updates before this tab listened
    },
    onMessage({ state, version, since, update }) {
      if (state) setState(state);
      else if (version) app.onVersion(version);
      else poller.applyShared(since, update);
    },
  });

  const onLook = () => {
    if (attention.looking) leader.claim();
    poller.pollNow();
    app.outbox.sendNow();
  };
  attention.onReturn = () => poller.pollNow();
  document.addEventListener("visibilitychange", onLook);
  window.addEventListener("focus", () => attention.looking && leader.claim());
  window.addEventListener("online", onLook);
  // A page in the back/forward cache was frozen, and its poll with it.
  window.addEventListener("pageshow", (event) => event.persisted && onLook());

  leader.start({ visible: attention.visible });
}

/* Deletes what is kept of the person if their session is over; what is written from here on is not kept either. Words of a
   session that ended by time alone stay for them. Resolves to whether it is over. */
async function endSession({ sessionEnd, drafts, outbox, offlineCache }) {
  if (!(await sessionEnd.check())) return false;
  offlineCache.clear();
  if (sessionEnd.ranOut) return true;
  drafts.clear();
  outbox.clear();
  return true;
}

/** Loads everything this page shows. Resolves to the next cursor, which was read before the rest. */
async function resync({ api, store, open, offlineCache }, fresh) {
  // Alone and first: what changes while the rest is loaded comes once more with the updates.
  const me = await api.get("/me");
  const [{ threads }, thread] = await Promise.all([
    api.get("/threads", { limit: 50 }),
    open && api.get(`/threads/${open.id}`).then((answer) => answer.thread),
  ]);
  const messages = open ? await messagesSince(api, open) : [];
  const state = { threads: thread ? [...threads, thread] : threads, messages };
  store.reset({ ...state, unread: me.unread, inbox: me.inbox });
  offlineCache.addUpdate(state);
  offlineCache.renew(); // pages that are not open may show what was deleted meanwhile
  return fresh ?? me.cursor;
}

/* Loads from the first message on the page to its last, or to the newest, with edits and deletions. */
async function messagesSince(api, { id, first, last }) {
  const all = [];
  let after = Math.max(0, first() - 1);
  for (let more = true; more; ) {
    const page = await api.get(`/threads/${id}/messages`, { after, limit: 100 });
    all.push(...page.messages);
    after = all.at(-1)?.seq ?? after;
    more = page.has_more && after < last();
  }
  return all;
}
