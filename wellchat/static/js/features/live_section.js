/* A section that the server draws, drawn anew when an update brings something of the kind that it shows: data-changes is
   the key of the update, data-source the page on which the section stands too, by the same id. */

import { pageOf } from "../lib/page.js";
import { request } from "../lib/surroundings.js";

export function liveSection(section, app) {
  let drawing = false;
  let stale = false;

  async function draw() {
    const answer = await request(section.dataset.source, { credentials: "same-origin", headers: { "X-Purpose": "keep" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = pageOf(await answer.text()).getElementById(section.id);
    if (fresh && !section.querySelector("input:focus, textarea:focus")) section.replaceChildren(...fresh.childNodes);
  }

  /* One request at a time: what comes while it is under way is in the next one. */
  async function drawUntilFresh() {
    stale = true;
    if (drawing) return;
    drawing = true;
    while (stale) {
      stale = false;
      await draw().catch(() => {});
    }
    drawing = false;
  }

  app.store.on(({ other }) => void (other[section.dataset.changes] && drawUntilFresh()));
}
