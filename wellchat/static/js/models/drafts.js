/* Drafts, by person and thread. Listeners also hear of drafts that other tabs write. */

import { forgetAll, put, remove } from "../lib/keeping.js";

export class Drafts {
  #listeners = [];

  constructor({ storage, viewerId }) {
    this.storage = storage;
    this.prefix = `wellchat.draft.${viewerId}.`;
  }

  read(threadId) {
    return this.storage?.getItem(this.prefix + threadId) ?? "";
  }

  /** listener(threadId, elsewhere) is called when a draft changes; `elsewhere` if another tab wrote it. */
  onChange(listener) {
    this.#listeners.push(listener);
  }

  /** Listens to other tabs. */
  listen(window) {
    window.addEventListener("storage", ({ key, storageArea }) => {
      if (!this.storage || storageArea !== this.storage || !key?.startsWith(this.prefix)) return;
      this.#notify(key.slice(this.prefix.length), true);
    });
  }

  /** Deletes all drafts when the person signs out. */
  clear() {
    removeByPrefix(this.storage, this.prefix);
    forgetAll();
    this.storage = null;
  }

  write(threadId, text) {
    this.#put(this.prefix + threadId, text.trim() && text);
    this.#notify(threadId, false);
  }

  /** Returns what a draft has beside its text: {reply: the seq it answers, files: what was uploaded for it, edit: the message that
      is being edited, {seq, was: its text, body: the new one}}. */
  extras(threadId) {
    try {
      return JSON.parse(this.storage?.getItem(this.#beside(threadId))) ?? {};
    } catch {
      return {};
    }
  }

  /** Changes what a draft has beside its text; a value of null or undefined, or an empty list, is nothing. */
  keep(threadId, changes) {
    const all = Object.entries({ ...this.extras(threadId), ...changes }).filter(([, value]) => value && value.length !== 0);
    this.#put(this.#beside(threadId), all.length && JSON.stringify(Object.fromEntries(all)));
  }

  #put(name, text) {
    if (!this.storage) return; // signed out
    if (text) put(this.storage, name, text);
    else remove(this.storage, name);
  }

  #beside = (threadId) => `${this.prefix}${threadId}.with`;

  #notify(threadId, elsewhere) {
    this.#listeners.forEach((listener) => listener(threadId, elsewhere));
  }
}

export function removeByPrefix(storage, prefix) {
  // All names first: each one that is removed moves those behind it.
  const names = Array.from({ length: storage?.length ?? 0 }, (_, i) => storage.key(i));
  names.filter((name) => name.startsWith(prefix)).forEach((name) => storage.removeItem(name));
}
