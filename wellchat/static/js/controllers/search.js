/* The way to search from anywhere: the button in the bar and Ctrl or Cmd with K. The palette itself is loaded when wanted. */

import { local } from "../lib/storage.js";
import { Recents } from "../models/recents.js";

export function search(button, app) {
  const recents = new Recents({ storage: local, viewerId: app.viewerId });
  const open = async () => {
    try {
      const { palette } = await import("./palette.js");
      palette(app, recents, button);
    } catch {
      location.assign(button.href); // not to be had: the page does the same
    }
  };
  button.setAttribute("role", "button");
  button.setAttribute("aria-haspopup", "dialog");
  button.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // another tab is wanted
    event.preventDefault();
    open();
  });
  button.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    open();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  for (const form of document.querySelectorAll('[data-controller~="leave"]')) {
    form.addEventListener("submit", () => recents.forget());
  }
}
