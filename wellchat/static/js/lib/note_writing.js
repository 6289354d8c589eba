/* Saves notes while they are written, and sends the small forms of the section without leaving the page. */

import { sectionOf } from "../features/client_notes.js";
import { part } from "./dom.js";
import { t } from "./i18n.js";
import { request } from "./surroundings.js";

const QUIET = 1000; // ms without a key after which words are saved

export function noteWriting(section, app) {
  const path = `/people/${section.dataset.client}/notes`;
  const waiting = new Map(); // form -> timer
  const running = new Map(); // form -> the save under way

  const say = (form, words) => (part(form, "saved").textContent = words);

  /* One save of a form at a time: what is typed meanwhile is in the next one, which knows the new version. */
  function save(form, options) {
    clearTimeout(waiting.get(form));
    waiting.delete(form);
    const now = (running.get(form) ?? Promise.resolve()).then(() => put(form, options));
    running.set(form, now);
    return now;
  }

  async function put(form, options = {}) {
    const { body, version, kind, client_key: key } = form.elements;
    const words = body.value;
    if (!words.trim() || words === form.dataset.saved) return;
    try {
      const answer = form.dataset.note
        ? await app.api.send("PATCH", `${path}/${form.dataset.note}`, { body: words, version: Number(version?.value ?? form.dataset.version) }, options)
        : await app.api.send("POST", path, { body: words, kind: kind.value, client_key: key.value }, options);
      const { note, kept_beside: beside } = answer;
      form.dataset.note = note.id;
      form.dataset.version = note.version;
      if (version) version.value = note.version;
      form.dataset.saved = words;
      say(form, beside ? t("This note was changed elsewhere meanwhile. Both are kept; this one is yours.") : t("Saved."));
    } catch (error) {
      say(form, `${t("Not saved.")} ${error.message}`);
    }
  }

  section.addEventListener("input", ({ target }) => {
    const form = target.closest("form[data-note]");
    if (!form) return;
    clearTimeout(waiting.get(form));
    waiting.set(form, setTimeout(() => save(form), QUIET));
  });

  /* The last words before somebody leaves: the request outlives the page. */
  const leave = () => [...waiting.keys()].forEach((form) => save(form, { keepalive: true }));
  addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => document.hidden && leave());

  section.addEventListener("submit", async (event) => {
    const { target: form } = event;
    event.preventDefault();
    const at = form.getAttribute("action");
    const sent = new FormData(form);
    if (form.dataset.note !== undefined) {
      const words = form.elements.body.value;
      await save(form);
      if (words.trim() && form.dataset.saved === words) return draw(await request(path, { credentials: "same-origin" }));
    }
    draw(await request(at, { method: "POST", body: sent, credentials: "same-origin" }));
  });

  async function draw(answer) {
    const fresh = await sectionOf(answer);
    if (!fresh) return location.assign(path);
    const action = document.activeElement?.closest("form")?.getAttribute("action");
    section.replaceChildren(...fresh.childNodes);
    const again = action && section.querySelector(`form[action="${CSS.escape(action)}"] :is(input, textarea):not([type=hidden])`);
    (part(section, "problem") ?? again ?? section.querySelector("input:not([type=hidden])"))?.focus({ preventScroll: true });
  }
}
