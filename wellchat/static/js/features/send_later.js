/* The menu beside the button that sends: a chosen morning goes to the server without leaving the page. The words stay in
   the field until the server has them. "Choose a time" posts the form as it is. */

import { part, write } from "../lib/dom.js";
import { cancelReply, replyFields } from "../lib/reply_banner.js";

export function sendLater(menu, app) {
  const { threadId, noFiles, failed } = menu.dataset;
  const form = menu.closest("form");
  const field = form.elements.body;
  let retry = { body: null, key: null }; // the same words again have the same key

  form.addEventListener(
    "submit",
    async (event) => {
      const { submitter } = event;
      if (!menu.contains(submitter)) return;
      const body = field.value;
      if (part(form, "uploads")?.children.length) {
        event.preventDefault();
        return refuse(noFiles);
      }
      if (submitter.name !== "when") return;
      event.preventDefault();
      if (retry.body !== body) retry = { body, key: crypto.randomUUID() };
      const about = part(form, "about");
      const message = { body, client_key: retry.key, when: submitter.value };
      const { reply_to } = replyFields(form);
      if (reply_to) message.reply_to = reply_to;
      if (about) message.subject = { kind: about.dataset.kind, external_id: about.dataset.externalId };
      try {
        const { scheduled } = await app.api.send("POST", `/threads/${threadId}/scheduled`, message);
        done(body, scheduled);
      } catch (error) {
        refuse(Object.values(error.data?.errors ?? {})[0] ?? error.data?.detail ?? failed);
      }
    },
    { capture: true },
  );

  function done(body, { at }) {
    menu.hidePopover?.();
    retry = { body: null, key: null };
    if (field.value === body) {
      field.value = "";
      field.dispatchEvent(new Event("input", { bubbles: true })); // the draft goes, and the field is small again
      cancelReply(form);
    }
    write(part(form, "later-time"), app.times.full(at));
    part(form, "later-said").hidden = false;
    field.focus({ preventScroll: true });
  }

  function refuse(sentence) {
    menu.hidePopover?.();
    write(part(form, "problem"), sentence);
    field.focus({ preventScroll: true });
  }

  field.addEventListener("input", () => field.value && (part(form, "later-said").hidden = true));
}
