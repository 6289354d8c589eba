/* Opens the search palette by its button, Ctrl+K or Cmd+K. The palette is loaded when it is first opened. */

import { words } from "../lib/storage.js";
import { go } from "../lib/surroundings.js";
import { letterOf } from "../lib/text_input.js";
import { Recents } from "../models/recents.js";

export function search(button, app) {
  const recents = new Recents({ storage: words, viewerId: app.viewerId });
  const open = async () => {
    const typed = keepTyped();
    try {
      const { palette } = await import("./palette.js");
      palette(app, recents, button, typed());
    } catch {
      typed();
      go(button.href); // the palette could not be loaded: the page does the same
    }
  };
  button.setAttribute("role", "button");
  button.setAttribute("aria-haspopup", "dialog");
  button.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // the person wants a new tab
    event.preventDefault();
    open();
  });
  button.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    open();
  });
  document.addEventListener("keydown", (event) => {
    if (letterOf(event) !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  for (const form of document.querySelectorAll('[data-controller~="signOut"]')) {
    form.addEventListener("submit", () => recents.forget());
  }
}

/* Collects text that is typed while the palette loads. Call the returned function to stop and get it. */
function keepTyped() {
  let typed = "";
  const keep = (event) => {
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    typed += event.key;
  };
  document.addEventListener("keydown", keep, true);
  return () => (document.removeEventListener("keydown", keep, true), typed);
}
