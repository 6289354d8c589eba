/* The composer: sends on Enter where there is a keyboard, keeps a draft, and signals typing. */

import { ComposerShut } from "../lib/composer_shut.js";
import { replyFields, cancelReply } from "../lib/reply_banner.js";
import { part, write } from "../lib/dom.js";
import { onPageOnly } from "../lib/keeping.js";
import { keepsWords } from "../lib/storage.js";
import { mayFocus } from "../lib/surroundings.js";
import { autosize, isBlank, sends, touch } from "../lib/text_input.js";
import { t } from "../lib/i18n.js";

const TYPING_EVERY = 3000; // ms
const DOUBLE_PRESS = 700; // ms within which a second press is an accident and gets no error
const TYPING_FOR = 2000; // ms after a key for which the person counts as writing here

export function composer(form, app) {
  const { threadId } = form.dataset;
  const field = form.elements.body;
  let typingSent = 0;
  let sent = 0;

  if (!field.value) field.value = app.drafts.read(threadId);
  // Follow the draft of another tab, unless the person is writing in this field.
  let typed = 0;
  app.drafts.onChange((id, elsewhere) => {
    if (!elsewhere || id !== threadId || Date.now() - typed < TYPING_FOR) return;
    field.value = app.drafts.read(threadId);
    field.dispatchEvent(new Event("followed", { bubbles: true }));
    autosize(field);
  });
  if (keepsWords) onPageOnly((only) => (part(form, "page-only").hidden = !only));
  const shut = new ComposerShut(form, field);
  app.store.on(({ threads }) => threads.filter(({ id }) => id === threadId).forEach((thread) => shut.follow(thread)));
  field.enterKeyHint = touch() ? "enter" : "send";
  autosize(field);
  if (!touch() && !shut.closed && mayFocus()) field.focus({ preventScroll: true });

  field.addEventListener("input", () => {
    typed = Date.now();
    autosize(field);
    write(part(form, "problem"), "");
    app.drafts.write(threadId, field.value);
    if (!isBlank(field.value) && Date.now() - typingSent > TYPING_EVERY) {
      typingSent = Date.now();
      app.api.send("PUT", `/threads/${threadId}/typing`).catch(() => {}); // not important enough for a second attempt
    }
  });

  field.addEventListener("keydown", (event) => {
    if (!sends(event)) return;
    event.preventDefault();
    form.requestSubmit();
  });

  form.addEventListener("answering", () => app.drafts.keep(threadId, { reply: replyFields(form).reply_to }));

  // Keep the focus in the field: otherwise a phone would close its keyboard.
  form.querySelector("[type=submit]").addEventListener("pointerdown", (event) => event.preventDefault());

  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("formaction")) return; // a button that opens the conversation again
    event.preventDefault();
    if (shut.closed) return;
    const body = field.value;
    const attachments = form.uploadList?.take() ?? []; // false: still uploading; the form is submitted again afterwards
    if (!attachments) return;
    if (isBlank(body) && !attachments.length) return Date.now() - sent > DOUBLE_PRESS && write(part(form, "problem"), t("Write something first."));
    app.outbox.send({ threadId, body: isBlank(body) ? "" : body, subject: subjectOf(form), attachments, ...replyFields(form) });
    field.value = "";
    typingSent = 0;
    sent = Date.now();
    app.drafts.write(threadId, "");
    dropSubject(form);
    cancelReply(form);
    autosize(field);
    field.focus({ preventScroll: true });
  });

  form.querySelector('[data-action="drop-subject"]')?.addEventListener("click", (event) => {
    event.preventDefault();
    dropSubject(form);
    field.focus();
  });
}

function subjectOf(form) {
  const about = part(form, "about");
  return about && { kind: about.dataset.kind, external_id: about.dataset.externalId };
}

function dropSubject(form) {
  form.querySelector('[data-part="about"]:not([data-keep])')?.remove(); // kept where the page shows one booking only
  if (new URL(location).searchParams.has("about")) history.replaceState(history.state, "", location.pathname);
}
