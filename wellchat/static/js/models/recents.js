/* Recent searches of a person, in this browser only. */

const MOST = 8;

export class Recents {
  constructor({ storage, viewerId }) {
    this.storage = storage;
    this.name = `wellchat.recent.${viewerId}`;
  }

  list() {
    try {
      const kept = JSON.parse(this.storage?.getItem(this.name) ?? "[]");
      return Array.isArray(kept) ? kept.filter((query) => typeof query === "string") : [];
    } catch {
      return [];
    }
  }

  /** Adds a search in front. A longer text that begins with the last one replaces it. */
  add(text) {
    const query = text.trim();
    if (!query) return;
    const others = this.list().filter((other) => !query.toLowerCase().startsWith(other.toLowerCase()));
    try {
      this.storage?.setItem(this.name, JSON.stringify([query, ...others].slice(0, MOST)));
    } catch {
      // storage is full or forbidden: nothing is remembered
    }
  }

  forget() {
    this.storage?.removeItem(this.name);
  }
}
