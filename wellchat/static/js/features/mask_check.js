/* Tells the writer which contact data of a text stays hidden until a booking, before it is sent. The server judges, by the
   rules of sending. "Send anyway" always sends; without an answer the text is sent, too. */

import { part, write } from "../lib/dom.js";

const PAUSE = 500; // ms without a key

export function maskCheck(note, app) {
  const form = note.closest("form");
  const field = form.elements.body;
  const warning = part(note, "mask-warning");
  let judged = { body: "", sentence: null };
  let accepted = null; // the text that the person sends all the same
  let timer = 0;
  let over = false; // they have booked meanwhile

  async function judge(body) {
    if (judged.body !== body) {
      const answer = await app.api.send("POST", `/threads/${note.dataset.threadId}/mask-check`, { body }).catch(() => null);
      judged = { body, sentence: answer?.sentence ?? null };
      if (answer && !answer.applies) note.hidden = over = true;
    }
    return judged.sentence;
  }

  app.store.on(({ other }) => {
    const now = other.masks?.find(({ id }) => id === note.dataset.threadId);
    if (now) note.hidden = over = !now.applies;
  });

  function show(sentence) {
    write(part(note, "mask-sentence"), sentence ?? "");
    warning.hidden = !sentence;
    part(note, "mask-hint").hidden = Boolean(sentence);
  }

  field.addEventListener("input", () => {
    clearTimeout(timer);
    const body = field.value;
    if (over) return;
    if (!body.trim()) return show(null);
    timer = setTimeout(async () => {
      const sentence = await judge(body);
      if (field.value === body) show(sentence);
    }, PAUSE);
  });

  // Before the composer's own listener, which sends.
  form.addEventListener(
    "submit",
    async (event) => {
      const body = field.value;
      clearTimeout(timer);
      if (event.submitter?.hasAttribute("formaction") || over || !body.trim()) return;
      if (body === accepted || (judged.body === body && !judged.sentence)) {
        accepted = null;
        show(null);
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
      const sentence = await judge(body);
      if (field.value !== body) return; // changed meanwhile: it is judged when that is sent
      show(sentence);
      if (sentence) part(note, "mask-send").focus();
      else form.requestSubmit();
    },
    { capture: true },
  );

  // A message that is edited: what is saved twice is meant.
  const asked = new WeakMap();
  document.addEventListener(
    "submit",
    async (event) => {
      const editor = event.target;
      const body = editor.elements.body?.value;
      if (editor.dataset.part !== "editing" || over || !body?.trim() || asked.get(editor) === body) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const sentence = await judge(body);
      asked.set(editor, body);
      write(part(editor, "problem"), sentence);
      if (!sentence && editor.elements.body.value === body) editor.requestSubmit();
    },
    { capture: true },
  );

  warning.addEventListener("keydown", ({ key }) => key === "Escape" && field.focus());
  part(note, "mask-send").addEventListener("click", () => {
    accepted = field.value;
    form.requestSubmit();
  });
}
