/* Edits a message in its row. Escape cancels; Enter saves where there is a keyboard. */

import { clone, part, write } from "./dom.js";
import { autosize, isBlank, sends } from "./text_input.js";
import { t } from "./i18n.js";

/** save(body) resolves when the text is saved, and rejects with the reason if it is refused. keep(text) is called with the words of
    the field at each change, and with null when they are done with; `words` are those of an earlier page. */
export function edit(root, row, body, { save, keep, done, words = body }) {
  if (row.classList.contains("message--editing")) return part(row, "editing").elements.body.focus();
  const form = clone(root, "editor");
  const field = form.elements.body;
  field.value = words;
  row.classList.add("message--editing");
  part(row, "body").after(form);
  autosize(field);
  field.addEventListener("input", () => (autosize(field), keep(field.value)));
  field.focus();
  field.setSelectionRange(words.length, words.length);
  form.scrollIntoView({ block: "nearest" });

  const close = () => {
    const here = form.contains(document.activeElement) || document.activeElement === document.body; // otherwise the reader has moved on
    keep(null);
    row.classList.remove("message--editing");
    form.remove();
    if (here) done();
  };
  part(form, "cancel").addEventListener("click", close);
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") close();
    if (!sends(event)) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (field.value === body) return close();
    if (isBlank(field.value)) return write(part(form, "problem"), t("Write something, or delete the message."));
    field.readOnly = true;
    try {
      await save(field.value);
      close();
    } catch (error) {
      field.readOnly = false;
      write(part(form, "problem"), `${t("Not saved.")} ${error.message}`);
    }
  });
}

/** Calls act(row) as soon as the log shows this message: a kept page gets the newest ones a moment later. */
export function whenShown(log, seq, act) {
  const observer = new MutationObserver(look);
  function look() {
    const row = log.querySelector(`[data-seq="${seq}"]`);
    if (!row || !part(row, "body")) return;
    observer.disconnect();
    act(row);
  }
  observer.observe(log, { childList: true, subtree: true });
  look();
}
