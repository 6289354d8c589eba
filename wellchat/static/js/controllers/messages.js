/* The actions of messages: menu by pointer, touch and keyboard, quotes, reactions, edits. */

import { startReply, cancelReply } from "../lib/reply_banner.js";
import { part } from "../lib/dom.js";
import { passBy } from "../lib/message_decorations.js";
import { isComposing } from "../lib/text_input.js";
import { longPress } from "../lib/long_press.js";
import { optimisticActions } from "../lib/optimistic_actions.js";
import { nameOf } from "../lib/message_words.js";
import { go } from "../lib/surroundings.js";
import { t } from "../lib/i18n.js";

const TIMEOUT = 20_000; // ms without a response after which an action fails

/* Some browsers do not report the pointer type of a click. */
const touched = ({ pointerType: type }) => (type ? type === "touch" : matchMedia("(hover: none)").matches);

export function messages(root, app) {
  const { threadId } = root.dataset;
  const editWithin = Number(root.dataset.editWithin); // ms; the server decides
  const log = part(root, "log");
  const form = root.querySelector("form.composer");
  const path = (seq, rest = "") => `/threads/${threadId}/messages/${seq}${rest}`;
  const rows = () => [...log.querySelectorAll("[data-seq]")];
  const editable = ({ created_at: at, deleted }) => (deleted ? 0 : Date.parse(at) + editWithin - app.clock.now());
  const who = (id) => nameOf(id, app.viewerId, log.getAttribute("aria-label"));
  let menu = null;

  for (const row of rows()) passBy(row);
  log.addEventListener("focusin", ({ target }) => target.matches("[data-seq]") && (part(target, "subject").tabIndex = 0));

  const send = async (method, seq, rest, body) => {
    const { message } = await app.api.send(method, path(seq, rest), body, { signal: AbortSignal.timeout(TIMEOUT) });
    app.store.apply({ messages: [message] });
  };

  const optimistic = optimisticActions(root, app, { threadId, send });

  const act = {
    react: ({ seq }, emoji, on) => optimistic.react(seq, emoji, on),
    reactWith: ({ seq }, emoji) => send("PUT", seq, `/reactions/${encodeURIComponent(emoji)}`),
    reply: (message) => startReply(form, message, who(message.sender_id)),
    edit: (message, row) => edit(message, row),
    copy: ({ body }) => copy(body, t("Text copied.")),
    link: ({ seq }) => copy(`${location.origin}/threads/${threadId}#${seq}`, t("Link copied.")),
    pin: ({ seq, pinned_at: pinned }) => void optimistic.pin(seq, !pinned), // not awaited
    delete: (message, row) => remove(message, row),
    async unread({ seq }) {
      await app.api.send("PUT", `/threads/${threadId}/unread`, { seq });
      go("/"); // a person who stays in the thread would read it again
    },
  };

  async function copy(text, words) {
    if (!navigator.clipboard) throw new Error(t("Your browser allows copying only over HTTPS."));
    await navigator.clipboard.writeText(text);
    app.announce(words);
  }

  async function edit({ seq, body: was }, row, words = was) {
    const editor = await import("../lib/message_editor.js");
    editor.edit(root, row, was, {
      words,
      keep: (body) => app.drafts.keep(threadId, { edit: body !== null && body !== was && { seq, was, body } }),
      save: (body) => send("PATCH", seq, "", { body }),
      done: () => row.focus({ preventScroll: true }),
    });
  }

  async function remove({ seq }, row) {
    const dialog = part(root, "delete-dialog").content.firstElementChild.cloneNode(true);
    root.append(dialog);
    dialog.addEventListener("close", async () => {
      dialog.remove();
      row.focus({ preventScroll: true });
      if (dialog.returnValue !== "delete") return;
      await send("DELETE", seq).catch((error) => app.announce(`${t("The message was not deleted.")} ${error.message}`));
    });
    dialog.showModal();
  }

  /* A row of the first load is not in the store: ask the server for its current state. */
  async function stateOf(row) {
    const seq = Number(row.dataset.seq);
    const known = app.store.messages.get(threadId)?.get(seq);
    if (known) return app.optimistic.applyTo(known);
    const { messages: found } = await app.api.get(`/threads/${threadId}/messages`, { after: seq - 1, limit: 1 });
    app.store.apply({ messages: found });
    return app.optimistic.applyTo(found[0]);
  }

  async function open(row, anchor, finger) {
    const [{ MessageMenu }, message] = await Promise.all([import("../lib/message_menu.js"), stateOf(row)]);
    if (message.deleted && message.sender_id === app.viewerId) return;
    menu ??= new MessageMenu(root, { viewerId: app.viewerId, act, editable });
    row.tabIndex = -1;
    menu.open(message, row, anchor);
    if (finger !== undefined) menu.keep(finger);
  }

  /* An edit that an earlier page could not save. */
  const left = app.drafts.extras(threadId).edit;
  const goOn = (row) => edit({ seq: left.seq, body: left.was }, row, left.body);
  if (left) import("../lib/message_editor.js").then(({ whenShown }) => whenShown(log, left.seq, goOn)).catch(() => {});

  const openQuietly = (row, anchor, finger) => open(row, anchor, finger).catch(({ message }) => app.announce(message));

  log.addEventListener("click", (event) => {
    const { target } = event;
    const row = target.closest("[data-seq]");
    const quote = target.closest("[data-seq-quoted]");
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (quote) {
      event.preventDefault();
      return jump(quote.dataset.seqQuoted);
    }
    if (!row) return;
    const more = target.closest('[data-part="more"]');
    if (more) {
      event.preventDefault();
      return openQuietly(row, more);
    }
    const bubble = target.closest(".message__bubble");
    if (bubble && touched(event) && !target.closest("a, button, form") && !String(getSelection())) openQuietly(row, bubble);
  });

  longPress(log, "[data-seq] .message__bubble a", (link, finger) => openQuietly(link.closest("[data-seq]"), link.closest(".message__bubble"), finger));

  function jump(seq) {
    if (location.hash === `#${seq}`) window.dispatchEvent(new HashChangeEvent("hashchange"));
    else location.hash = seq;
  }

  part(root, "reaction-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const { name, value } = event.submitter;
    const seq = Number(event.submitter.closest("[data-seq]").dataset.seq);
    act.react({ seq }, value, name === "add");
  });

  /* Arrow keys move through the log from message to message. */
  const STEPS = { ArrowUp: -1, ArrowDown: 1 };
  log.addEventListener("keydown", (event) => {
    const at = document.activeElement;
    if (at !== log && !at.matches("[data-seq]")) return;
    if (at !== log && (event.key === "Enter" || event.key === "ContextMenu" || (event.shiftKey && event.key === "F10"))) {
      event.preventDefault();
      return openQuietly(at, part(at, "more"));
    }
    const all = rows();
    const step = STEPS[event.key];
    if (!all.length || (!step && !["Home", "End"].includes(event.key))) return;
    event.preventDefault();
    const from = at === log ? (step === 1 ? -1 : all.length) : all.indexOf(at);
    const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : from + step;
    const row = all[Math.max(0, Math.min(to, all.length - 1))];
    row.tabIndex = -1;
    row.focus();
  });

  form.elements.body.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !part(form, "reply-banner").hidden) return cancelReply(form);
    if (event.key !== "ArrowUp" || event.target.value || isComposing(event)) return;
    const mine = rows().findLast((row) => row.dataset.sender === "me" && !row.classList.contains("message--deleted"));
    if (!mine || editable({ created_at: mine.dataset.at }) <= 0) return;
    event.preventDefault();
    stateOf(mine).then((message) => edit(message, mine), ({ message }) => app.announce(message));
  });
  /* The draft answers a message, which may have changed since. */
  const answered = () => app.drafts.extras(threadId).reply;
  async function answerAgain(seq) {
    const { messages: found } = await app.api.get(`/threads/${threadId}/messages`, { after: seq - 1, limit: 1 });
    const [message] = found.filter((one) => one.seq === answered() && !one.deleted);
    if (message && part(form, "reply-banner").hidden) startReply(form, message, who(message.sender_id), { focus: false });
  }
  if (answered()) answerAgain(answered()).catch(() => {});
  form.querySelector('[data-action="cancel-reply"]').addEventListener("click", (event) => {
    event.preventDefault();
    cancelReply(form);
    form.elements.body.focus();
  });
}
