/* On the search page: remembers searches with results, and offers them again. */

import { clone, part } from "../lib/dom.js";
import { words } from "../lib/storage.js";
import { Recents } from "../models/recents.js";

export function recents(root, app) {
  const recents = new Recents({ storage: words, viewerId: app.viewerId });
  const box = part(root, "recents");
  const field = root.querySelector('[name="q"]');
  if (root.dataset.found) recents.add(root.dataset.found);
  const show = () => {
    const list = recents.list();
    box.hidden = !list.length || Boolean(field.value);
    part(box, "list").replaceChildren(...list.map((words) => {
      const row = clone(box, "recent");
      part(row, "words").textContent = words;
      row.querySelector("a").href = "/search";
      row.querySelector("a").addEventListener("click", (event) => {
        event.preventDefault();
        field.value = words;
        field.form.requestSubmit(); // by POST: an address must not hold the words
      });
      return row;
    }));
  };
  box.querySelector('[data-action="forget"]').addEventListener("click", () => {
    recents.forget();
    show();
    field.focus();
  });
  show();
}
