/* Uploads files, a few at a time. Each has its progress and can be cancelled and tried again. */

import { t } from "../lib/i18n.js";

const MAX_PARALLEL = 3;

export class Uploads {
  /** `send(file, {progress, signal})` resolves to the server's attachment; `changed(item)` is called on every change. */
  constructor({ send, discard = () => {}, changed = () => {}, max = 10, maxMb = 20 }) {
    Object.assign(this, { send, discard, changed, max, maxMb });
    this.items = [];
  }

  /** Adds the files that may be sent. Returns a sentence if one may not. */
  add(files) {
    const room = this.max - this.items.filter((item) => !isRefused(item)).length;
    for (const file of files.slice(0, room)) {
      const item = { file, name: file.name, size: file.size, state: "waiting", progress: 0, reason: "", attachment: null };
      this.items.push(item);
      if (file.size > this.maxMb * 1024 * 1024) this.#fail(item, t("Larger than %(num)s MB.", { num: this.maxMb }), false);
      else if (!file.size) this.#fail(item, t("This file is empty."), false);
      else this.changed(item);
    }
    this.#pump();
    return files.length > room ? t("A message can have at most %(num)s files.", { num: this.max }) : "";
  }

  /** Brings back files that were uploaded for a draft. */
  restore(attachments) {
    for (const attachment of attachments) {
      const { name, size } = attachment;
      const item = { file: null, name, size, state: "done", progress: 1, reason: "", attachment };
      this.items.push(item);
      this.changed(item);
    }
  }

  /** Returns what the server has of them. */
  get uploaded() {
    return this.items.map(({ attachment }) => attachment).filter(Boolean);
  }

  remove(item) {
    this.items = this.items.filter((other) => other !== item);
    item.state = "removed";
    item.abort?.abort();
    if (item.attachment) this.discard(item.attachment);
    this.changed(item);
    this.#pump();
  }

  retry(item) {
    if (item.state !== "failed" || !item.canRetry) return;
    Object.assign(item, { state: "waiting", progress: 0, reason: "" });
    this.changed(item);
    this.#pump();
  }

  get busy() {
    return this.items.some(({ state }) => state === "waiting" || state === "uploading");
  }

  /** Tells whether a file did not go up that may go up later. One that was refused keeps no other one back. */
  get failed() {
    return this.items.some((item) => item.state === "failed" && item.canRetry);
  }

  /** Returns the uploaded files in the order in which they were added, and removes them from here. Refused ones stay. */
  take() {
    const taken = this.items.filter((item) => !isRefused(item));
    this.items = this.items.filter(isRefused);
    return taken.map(({ attachment }) => attachment);
  }

  #pump() {
    const going = this.items.filter(({ state }) => state === "uploading").length;
    this.items.filter(({ state }) => state === "waiting").slice(0, MAX_PARALLEL - going).forEach((item) => this.#start(item));
  }

  async #start(item) {
    item.state = "uploading";
    item.abort = new AbortController();
    this.changed(item);
    const progress = (share) => item.state === "uploading" && (Object.assign(item, { progress: share }), this.changed(item));
    try {
      const attachment = await this.send(item.file, { progress, signal: item.abort.signal });
      if (item.state === "removed") return this.discard(attachment);
      Object.assign(item, { state: "done", progress: 1, attachment });
      this.changed(item);
    } catch (error) {
      if (item.state !== "removed") this.#fail(item, error.message, ![413, 422].includes(error.status));
    }
    this.#pump();
  }

  #fail(item, reason, canRetry) {
    Object.assign(item, { state: "failed", reason, canRetry });
    this.changed(item);
  }
}

/* Refused for good: to send it again cannot help. */
const isRefused = ({ state, canRetry }) => state === "failed" && !canRetry;
