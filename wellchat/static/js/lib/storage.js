/* The browser's storage. If it is forbidden, memory replaces it: everything works, but is lost with the page. */

class Memory {
  #items = new Map();

  get length() {
    return this.#items.size;
  }

  key = (index) => [...this.#items.keys()][index] ?? null;
  getItem = (name) => this.#items.get(name) ?? null;
  setItem = (name, value) => void this.#items.set(name, String(value));
  removeItem = (name) => void this.#items.delete(name);
}

export function openStorage(name, { browser = globalThis } = {}) {
  try {
    const storage = browser[name]; // the access itself throws if storage is forbidden
    storage.getItem("wellchat");
    return storage;
  } catch {
    return new Memory();
  }
}

export const local = openStorage("localStorage");
export const session = openStorage("sessionStorage");
