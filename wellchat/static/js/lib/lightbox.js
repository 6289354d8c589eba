/* Shows a picture as large as the window allows. Arrows lead to other pictures, Escape back to the page. */

import { t } from "./i18n.js";
import { showPicture } from "./surroundings.js";

let box = null;
let links = [];
let at = 0;

export function show(link) {
  box ??= build();
  const container = link.closest('[data-part="rows"], [data-part="pictures"], .gallery') ?? document;
  links = [...container.querySelectorAll('[data-action="lightbox"]')];
  at = links.indexOf(link);
  draw();
  box.dialog.showModal();
}

function build() {
  const dialog = document.createElement("dialog");
  dialog.className = "lightbox";
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const button = (name, sign, act) => {
    const made = make("button", { type: "button", className: `lightbox__button lightbox__button--${sign}`, title: name });
    made.setAttribute("aria-label", name);
    made.addEventListener("click", act);
    return made;
  };
  const image = make("img", { className: "lightbox__image" });
  for (const end of ["load", "error"]) image.addEventListener(end, () => showLoading(false));
  const caption = make("p", { className: "lightbox__caption" });
  caption.setAttribute("aria-live", "polite");
  const get = make("a", { className: "lightbox__get", textContent: t("Download") });
  const previous = button(t("Previous picture"), "previous", () => step(-1));
  const next = button(t("Next picture"), "next", () => step(1));
  const close = button(t("Close"), "close", () => dialog.close());
  const bar = make("div", { className: "lightbox__bar" });
  bar.append(caption, get, close);
  dialog.append(bar, previous, image, next);
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    image.removeAttribute("src");
    const link = links[at];
    if (link?.isConnected) link.focus({ preventScroll: true }); // the picture shown last, which may not be the first one
  });
  dialog.addEventListener("keydown", ({ key }) => {
    const forward = getComputedStyle(dialog).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    if (key === "ArrowLeft" || key === "ArrowRight") step(key === forward ? 1 : -1);
    if (key === "Home") step(-at);
    if (key === "End") step(links.length - 1 - at);
  });
  let from = null; // where a finger touched, if it was one
  dialog.addEventListener("touchstart", ({ touches }) => (from = touches.length === 1 ? touches[0].clientX : null), { passive: true });
  dialog.addEventListener("touchend", ({ changedTouches: [finger] }) => {
    const moved = from === null ? 0 : finger.clientX - from;
    const rightToLeft = getComputedStyle(dialog).direction === "rtl" ? -1 : 1;
    if (Math.abs(moved) > 60) step(-Math.sign(moved) * rightToLeft);
  });
  document.body.append(dialog);
  return { dialog, image, caption, get, previous, next };
}

/* Shows the thumbnail in the final size until the picture is loaded. */
function showLoading(comes, link) {
  const small = link?.querySelector("img").currentSrc ?? "";
  box.image.classList.toggle("lightbox__image--coming", comes);
  box.image.style.backgroundImage = comes && small && !small.startsWith("data:") ? `url("${small}")` : "none";
}

function step(by) {
  const to = at + by;
  if (to < 0 || to >= links.length) return;
  at = to;
  draw();
}

function draw() {
  const { dialog, image, caption, get, previous, next } = box;
  const link = links[at];
  const name = link.querySelector("img").alt;
  dialog.setAttribute("aria-label", name);
  image.alt = name;
  image.style.setProperty("--w", link.dataset.width);
  image.style.setProperty("--h", link.dataset.height);
  showPicture(image, link.href);
  showLoading(!image.complete, link);
  const position = t("%(place)s of %(all)s", { place: at + 1, all: links.length });
  caption.textContent = links.length > 1 ? `${name} · ${position}` : name;
  get.href = link.href;
  get.download = name;
  // Disabled and not hidden, so that the last button keeps the focus.
  for (const [button, end] of [[previous, at === 0], [next, at === links.length - 1]]) {
    button.setAttribute("aria-disabled", String(end));
    button.hidden = links.length < 2;
  }
}
