/* Private notes about a client: fetched from their page once they are in sight, so that no thread pays for them. */

import { pageOf } from "../lib/page.js";
import { request } from "../lib/surroundings.js";

/** Returns the section as a page of the server shows it, or null where somebody is signed out. */
export async function sectionOf(answer) {
  return answer.redirected && !new URL(answer.url).pathname.endsWith("/notes") ? null : pageOf(await answer.text()).getElementById("client-notes");
}

export function clientNotes(root, app) {
  const begin = async (section) => (await import("../lib/note_writing.js")).noteWriting(section, app);
  const { source } = root.dataset;
  if (!source) return void begin(root);

  async function load() {
    const answer = await request(source, { credentials: "same-origin", headers: { "X-Purpose": "keep" } });
    const section = answer.ok && (await sectionOf(answer));
    if (!section) return;
    root.replaceWith(section);
    begin(section);
  }

  const watch = new IntersectionObserver((seen) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    watch.disconnect();
    load().catch(() => {}); // the link still leads to them
  });
  watch.observe(root);
}
