/* Lists the files in the composer, each in a row with its progress. */

import { ApiError } from "../models/api.js";
import { Uploads } from "../models/uploads.js";
import { clone, part, write } from "./dom.js";
import { fileSize, previews } from "./files.js";
import { t } from "./i18n.js";
import { authorize } from "./surroundings.js";

const SHOWABLE = /^image\/(jpeg|png|webp|gif)$/;

export class UploadList {
  #rows = new Map(); // item -> row
  #waiting = false; // "Send" was pressed during an upload

  constructor(form, app) {
    Object.assign(this, { form, app, list: part(form, "uploads") });
    this.uploads = new Uploads({
      send: (file, options) => upload(app.api, file, options),
      discard: ({ id }) => app.api.send("DELETE", `/attachments/${id}`).catch(() => {}), // the worker deletes it within a day in any case
      changed: (item) => this.#changed(item),
      maxMb: Number(form.dataset.maxMb),
    });
    form.uploadList = this;
  }

  add(files) {
    // What was refused has been read by now.
    for (const item of this.uploads.items.filter(({ state, canRetry }) => state === "failed" && !canRetry)) this.uploads.remove(item);
    write(part(this.form, "problem"), this.uploads.add(files));
    this.form.elements.body.focus({ preventScroll: true });
  }

  /** Shows files that were uploaded for a draft before. */
  restore(attachments) {
    this.uploads.restore(attachments);
  }

  /** Returns the files for the message, or false if the upload is not finished: the message is sent afterwards. */
  take() {
    if (this.uploads.failed) {
      write(part(this.form, "problem"), t("A file could not be uploaded. Try again, or remove it."));
      return false;
    }
    if (this.uploads.busy) {
      this.#wait(true);
      return false;
    }
    for (const { attachment, preview } of this.uploads.items) if (preview && attachment?.width) previews.set(attachment.id, preview);
    const items = [...this.uploads.items];
    const taken = this.uploads.take();
    items.filter((item) => !this.uploads.items.includes(item)).forEach((item) => this.#forget(item));
    this.#draw();
    return taken;
  }

  #wait(waiting) {
    this.#waiting = waiting;
    part(this.form, "uploads-waiting").hidden = !waiting;
    if (waiting) this.app.announce(t("Your message will be sent when the upload has finished."));
  }

  #changed(item) {
    if (item.state === "removed") this.#drop(item);
    else this.#fill(this.#rows.get(item) ?? this.#row(item), item);
    this.#draw();
    if (item.state === "done" && !this.uploads.busy) this.app.announce(t("The files are uploaded."));
    if (!this.#waiting) return;
    if (this.uploads.failed) this.#wait(false);
    else if (!this.uploads.busy) {
      this.#wait(false);
      this.form.requestSubmit();
    }
  }

  #row(item) {
    const row = clone(this.form, "upload-row");
    part(row, "name").textContent = part(row, "name").title = item.name;
    part(row, "progress").setAttribute("aria-label", t("%(name)s, going up", { name: item.name }));
    part(row, "remove").setAttribute("aria-label", t("Remove %(name)s", { name: item.name }));
    part(row, "remove").addEventListener("click", () => this.uploads.remove(item));
    part(row, "again").addEventListener("click", () => this.uploads.retry(item));
    if (item.file && SHOWABLE.test(item.file.type)) {
      item.preview = URL.createObjectURL(item.file);
      part(row, "preview").replaceChildren(Object.assign(document.createElement("img"), { src: item.preview, alt: "" }));
    }
    this.#rows.set(item, row);
    this.list.append(row);
    return row;
  }

  #fill(row, { state, progress, reason, size, canRetry, attachment }) {
    row.classList.toggle("upload-list__row--failed", state === "failed");
    const bar = part(row, "progress");
    bar.hidden = !["waiting", "uploading"].includes(state);
    bar.value = progress;
    part(row, "state").textContent = state === "failed" ? reason : fileSize(size) + keptWords(attachment);
    part(row, "again").hidden = state !== "failed" || !canRetry;
    if (state === "failed") this.app.announce(`${part(row, "name").textContent}: ${reason}`);
  }

  #forget(item) {
    this.#rows.get(item)?.remove();
    this.#rows.delete(item);
  }

  #drop(item) {
    this.#forget(item);
    // Otherwise the browser keeps the file for as long as the page is open.
    if (item.preview) URL.revokeObjectURL(item.preview);
    this.form.elements.body.focus({ preventScroll: true });
  }

  #draw() {
    this.list.hidden = !this.#rows.size;
    this.form.classList.toggle("composer--files", this.uploads.items.some(({ state }) => state !== "failed"));
    if (!this.#rows.size) this.#wait(false);
    this.app.drafts.keep(this.form.dataset.threadId, { files: this.uploads.uploaded, filesAt: this.uploads.uploaded.length && Date.now() });
  }
}

/* Of the one kind of file that keeps who made it: what this says is plain before it is sent. */
function keptWords(attachment) {
  return attachment?.media_type === "application/pdf" ? ` · ${t("A PDF keeps its details, such as its author.")}` : "";
}

/* XMLHttpRequest, because fetch() does not report the progress of an upload. */
function upload(api, file, { progress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const data = new FormData();
    data.append("file", file, file.name);
    if (file.peaks) data.append("peaks", file.peaks);
    request.open("POST", `${api.root}/attachments`);
    request.setRequestHeader("X-CSRFToken", api.csrf);
    authorize(request);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 0);
    request.onload = () => {
      if (request.status === 201 && request.response) resolve(request.response.attachment);
      else reject(new ApiError(request.status, request.response ?? {}));
    };
    request.onerror = request.onabort = () => reject(new ApiError(0));
    signal.addEventListener("abort", () => request.abort());
    request.send(data);
  });
}
