/* On the search page: remembers searches with results, and offers them again. */

import { clone, part } from "../lib/dom.js";
import { local } from "../lib/storage.js";
import { Recents } from "../models/recents.js";

export function recents(root, app) {
  const recents = new Recents({ storage: local, viewerId: app.viewerId });
  const box = part(root, "recents");
  if (root.dataset.found) recents.add(root.dataset.found);
  const show = () => {
    const list = recents.list();
    box.hidden = !list.length || Boolean(root.querySelector('[name="q"]').value);
    part(box, "list").replaceChildren(...list.map((words) => {
      const row = clone(box, "recent");
      row.querySelector("a").href = `/search?${new URLSearchParams({ q: words })}`;
      part(row, "words").textContent = words;
      return row;
    }));
  };
  box.querySelector('[data-action="forget"]').addEventListener("click", () => {
    recents.forget();
    show();
    root.querySelector('[name="q"]').focus();
  });
  show();
}
