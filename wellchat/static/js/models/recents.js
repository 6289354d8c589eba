/* What a person searched for lately, in this browser only. */

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

  /** The latest first; what began the same and was typed on is one. */
  add(text) {
    const query = text.trim();
    if (!query) return;
    const others = this.list().filter((other) => !query.toLowerCase().startsWith(other.toLowerCase()));
    try {
      this.storage?.setItem(this.name, JSON.stringify([query, ...others].slice(0, MOST)));
    } catch {
      // storage full or forbidden: nothing is remembered
    }
  }

  forget() {
    this.storage?.removeItem(this.name);
  }
}
