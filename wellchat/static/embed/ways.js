/* Where links and forms of a page lead that stands in a frame: to another page in it, to a file, or out of it. */

const OPEN = "dialog[open], :popover-open, .panel[data-open]";
const json = { "Content-Type": "application/json", Accept: "application/json" };
const here = (...all) => fetch(...all);

/** Opens a page of this site in a window of its own, signed in by a link that works once. */
export async function leave(door, path) {
  const tab = window.open("about:blank", "_blank"); // at once, for a browser lets only a person's press open one
  if (!tab) return; // it lets none
  tab.opener = null;
  const url = await linkOf(door, "/api/embed/links", { to: path });
  if (url) tab.location = url;
  else tab.close();
}

/** Downloads a file by an address that is good for a minute. */
export async function download(door, path) {
  const [, , id] = path.split("/");
  const url = await linkOf(door, `/api/attachments/${id}/links`);
  if (!url) return;
  const link = Object.assign(document.createElement("a"), { href: url, download: "" });
  document.body.append(link);
  link.click();
  link.remove();
}

async function linkOf(door, call, body = {}) {
  const answer = await door.fetch(here, call, { method: "POST", headers: json, body: JSON.stringify(body) }).catch(() => null);
  return answer?.ok ? (await answer.json()).url : null;
}

/** Follows the links and forms of the page in `window`, and tells of Escape. What a page does itself, it has done before. */
export function followLinks(stage, window) {
  const { document, location } = window;

  const follow = (link, apart) => {
    const url = new window.URL(link.href);
    if (url.origin !== location.origin) return window.open(link.href, "_blank", "noopener");
    const path = url.pathname + url.search + url.hash;
    if (url.pathname.startsWith("/attachments/")) stage.download(url.pathname);
    else if (apart) leave(stage.door, path);
    else stage.go(path);
  };

  const onClick = (event) => {
    const link = event.target.closest?.("a[href]");
    const way = link?.getAttribute("href") ?? "#";
    if (event.defaultPrevented || event.button > 1 || way.startsWith("#") || way.startsWith("mailto:")) return;
    event.preventDefault();
    follow(link, event.button === 1 || event.ctrlKey || event.metaKey || event.shiftKey);
  };
  window.addEventListener("click", onClick);
  window.addEventListener("auxclick", onClick);

  window.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    const { target: form, submitter } = event;
    const fields = new window.FormData(form, submitter);
    const path = form.getAttribute("action") || stage.path;
    if (form.method === "get") stage.go(`${path}?${new URLSearchParams(fields)}`);
    else if (path === "/") narrow(stage, fields);
    else leave(stage.door, path === "/search" ? path : stage.path);
  });

  // What is open goes first: a menu, a picture, the panel beside the conversation, a message that is being changed.
  let busy = false;
  const isBusy = ({ target }) => document.querySelector(OPEN) || target.closest?.(".message__editor, .palette") || target.getAttribute?.("aria-expanded") === "true";
  window.addEventListener("keydown", (event) => (busy = event.isComposing || Boolean(isBusy(event))), { capture: true });
  window.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !busy && !event.defaultPrevented) stage.door.post("close");
  });
}

/* The words of a search must stand in no address: the server seals them. */
async function narrow(stage, fields) {
  const { csrf_token: _, ...given } = Object.fromEntries(fields);
  const options = { method: "POST", headers: json, body: JSON.stringify(given) };
  const answer = await stage.door.fetch(here, "/api/embed/lists", options).catch(() => null);
  if (answer?.ok) stage.go((await answer.json()).path);
}
