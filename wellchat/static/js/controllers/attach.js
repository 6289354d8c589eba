/* Files on the page of a conversation. The upload list and the lightbox are loaded when they are needed. */

import { part, write } from "../lib/dom.js";
import { pictureElement, showLoading } from "../lib/files.js";
import { withDelayedIndicator } from "../lib/delayed_indicator.js";
import { t } from "../lib/i18n.js";
import { frame } from "../lib/surroundings.js";

const UNSENT = 20 * 3_600_000; // ms for which the server surely keeps what was uploaded and not sent

/* Adds files by the button in the composer, by pasting, and by dropping them onto the conversation. */
export function attach(form, app) {
  const [button, picker] = [part(form, "attach"), part(form, "picker")];
  const pane = form.closest(".pane-thread");
  let uploadList = null;

  /* Until the list is loaded, sending waits for the files that were chosen. */
  async function withList(use) {
    if (!uploadList) {
      form.uploadList = { take: () => !(form.uploadList.pressed = true) };
      uploadList = import("../lib/upload_list.js").then(({ UploadList }) => new UploadList(form, app));
    }
    const placeholder = form.uploadList;
    try {
      use(await uploadList);
    } catch (error) {
      uploadList = form.uploadList = null;
      write(part(form, "problem"), t("The server is not answering. Try again in a moment."));
      throw error;
    }
    if (placeholder.pressed) form.requestSubmit();
  }

  const add = (files) => files.length && withList((list) => list.add(files));

  const { files: before = [], filesAt = 0 } = app.drafts.extras(form.dataset.threadId);
  if (before.length && Date.now() - filesAt < UNSENT) withList((list) => list.restore(before));

  button.hidden = false;
  button.addEventListener("click", () => picker.click());
  picker.addEventListener("change", () => {
    add([...picker.files]);
    picker.value = ""; // the same file may be chosen again
  });
  form.elements.body.addEventListener("paste", (event) => {
    const { files, types } = event.clipboardData;
    if (!files.length || types.includes("text/plain")) return; // a table copied from an office program is text
    event.preventDefault();
    add([...files]);
  });

  const record = part(form, "record");
  record.hidden = Boolean(frame) || !globalThis.MediaRecorder || !navigator.mediaDevices?.getUserMedia;
  let recorder = null;
  const loaded = () => (recorder ??= import("../lib/recorder.js").then(({ Recorder }) => new Recorder(form, app, add)));
  for (const sign of ["pointerdown", "click"]) record.addEventListener(sign, async (event) => (await loaded())[sign](event));
  const [camera, lens] = [part(form, "camera"), part(form, "camera-picker")];
  camera.hidden = !matchMedia("(pointer: coarse)").matches;
  camera.addEventListener("click", () => lens.click());
  lens.addEventListener("change", () => {
    add([...lens.files]);
    lens.value = "";
  });

  const carriesFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files");
  let depth = 0; // entering a child leaves its parent
  const mark = (change) => pane.classList.toggle("pane-thread--dropping", (depth = Math.max(0, change)) > 0);
  pane.addEventListener("dragenter", (event) => carriesFiles(event) && mark(depth + 1));
  pane.addEventListener("dragleave", (event) => carriesFiles(event) && mark(depth - 1));
  pane.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
  pane.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    mark(0);
    add([...event.dataTransfer.files]);
  });
  // A file dropped elsewhere would replace the page, and unsent text would be lost.
  for (const sign of ["dragover", "drop"]) window.addEventListener(sign, (event) => carriesFiles(event) && event.preventDefault());
}

/* Opens a picture in the lightbox; with a modifier key the browser opens the link. */
export function pictures(root) {
  root.querySelectorAll(".picture img").forEach(showLoading);
  for (const end of ["load", "error"]) {
    root.addEventListener(end, ({ target }) => target.closest(".picture")?.classList.remove("picture--coming"), { capture: true });
  }
  root.addEventListener("click", async (event) => {
    const play = event.target.closest('[data-action="play"]');
    if (play) return (await import("../lib/recording_player.js")).toggle(play.closest(".recording"));
    const link = event.target.closest('[data-action="lightbox"]');
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const { show } = await import("../lib/lightbox.js");
    show(link);
  });
}

/* The pictures of the panel: new ones come first, older ones are loaded on demand. */
export function gallery(root, app) {
  const { threadId } = root.dataset;
  const [list, more, none] = [part(root, "pictures"), part(root, "more"), part(root, "none")];
  const cell = (file) => {
    const item = document.createElement("li");
    item.append(pictureElement(file, [96, 96]));
    return item;
  };
  /* Shows one row of pictures. */
  const coming = () => [1, 2, 3].map(() => Object.assign(document.createElement("li"), { className: "gallery__coming", ariaHidden: "true" }));
  const known = (file) => list.querySelector(`[data-file="${CSS.escape(file.id)}"]`)?.parentElement;

  function put({ thread_id: id, seq, deleted, attachments = [] }) {
    if (id !== threadId) return;
    if (deleted) list.querySelectorAll(`[data-seq="${seq}"]`).forEach((item) => item.remove());
    for (const file of attachments.filter((each) => each.width)) {
      const fresh = cell(file);
      fresh.dataset.seq = seq;
      if (known(file)) file.thumbnail_url && known(file).replaceWith(fresh);
      else if (seq >= Number(list.firstElementChild?.dataset.seq ?? 0)) list.prepend(fresh);
    }
    list.hidden = !list.children.length;
    none.hidden = !list.hidden;
  }

  app.store.on(({ messages }) => messages.forEach(put));
  more.addEventListener("click", async (event) => {
    if (!event.target.closest("a")) return;
    event.preventDefault();
    const query = { kind: "picture", before: root.dataset.next, limit: 30 };
    const asked = app.api.get(`/threads/${threadId}/attachments`, query);
    const { attachments, next } = await withDelayedIndicator(asked, (slow) => (slow ? list.append(...coming()) : list.querySelectorAll(".gallery__coming").forEach((one) => one.remove())));
    const fresh = attachments.filter((file) => !known(file)).map((file) => Object.assign(cell(file), { tabIndex: -1 }));
    list.append(...fresh);
    fresh[0]?.querySelector("a").focus();
    more.hidden = !next;
    root.dataset.next = next ?? "";
  });
}
