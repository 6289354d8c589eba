/* Shows in the composer to which message the next one replies. */

import { part } from "./dom.js";

export function startReply(form, { seq, sender_id, body }, name, { focus = true } = {}) {
  const box = part(form, "reply-banner");
  const field = form.elements.reply_to;
  field.value = seq;
  field.disabled = false;
  box.dataset.senderId = sender_id;
  part(box, "reply-name").textContent = name;
  part(box, "reply-text").textContent = body;
  box.hidden = false;
  if (focus) form.elements.body.focus();
  form.dispatchEvent(new Event("answering")); // the draft keeps it
}

/** Returns the reply's fields for the outbox; {} if the message is no reply. */
export function replyFields(form) {
  const { reply_to: field } = form.elements;
  if (!field || field.disabled || !field.value) return {};
  const box = part(form, "reply-banner");
  const body = part(box, "reply-text").textContent.trim();
  return { reply_to: Number(field.value), quote: { seq: Number(field.value), sender_id: box.dataset.senderId, body, deleted: false } };
}

export function cancelReply(form) {
  const { reply_to: field } = form.elements;
  if (!field) return;
  field.disabled = true;
  field.value = part(form, "reply-name").textContent = part(form, "reply-text").textContent = "";
  part(form, "reply-banner").hidden = true;
  form.dispatchEvent(new Event("answering"));
  if (new URL(location).searchParams.has("reply_to")) history.replaceState(history.state, "", location.pathname + location.hash);
}
