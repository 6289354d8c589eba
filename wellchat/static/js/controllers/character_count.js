/* Warns before a message is too long, and says by how much. Typed text is never cut off. */

import { part, write } from "../lib/dom.js";
import { t, tn } from "../lib/i18n.js";

const COUNT_FROM = 500; // characters left when the count appears

/** Returns the characters over the limit, negative below it. It counts code points, as the server does. */
export function overLimit(text, max) {
  return (max - text.length > COUNT_FROM ? text.length : [...text].length) - max;
}

export function characterCount(form, app) {
  const field = form.elements.body;
  const max = field.maxLength;
  const note = part(form, "limit");
  let announced = "";
  field.removeAttribute("maxlength"); // it would silently cut off pasted text

  function count() {
    const over = overLimit(field.value, max);
    field.setAttribute("aria-invalid", String(over > 0));
    note.classList.toggle("composer__limit--over", over > 0);
    if (over > 0) write(note, tn("Too long by %(num)s character. Shorten it, or send it in two parts.", "Too long by %(num)s characters. Shorten it, or send it in two parts.", over));
    else write(note, over > -COUNT_FROM ? tn("%(num)s character left", "%(num)s characters left", -over) : "");
    const stage = over > 0 ? t("Too long. Shorten it, or send it in two parts.") : over > -COUNT_FROM ? t("Less than 500 characters left") : "";
    if (stage && stage !== announced) app.announce(stage); // only once, not on every key
    announced = stage;
    return over;
  }

  for (const sign of ["input", "followed", "reset"]) field.addEventListener(sign, count);
  // Before the form's own listeners: a text that is too long is not sent.
  form.addEventListener("submit", (event) => {
    if (count() <= 0) return setTimeout(count); // then the field is empty
    event.preventDefault();
    event.stopImmediatePropagation();
    field.focus();
  }, { capture: true });
  count();
}
