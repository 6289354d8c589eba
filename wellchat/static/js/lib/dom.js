/* Small helpers for the DOM. Templates name their parts by data-part; a <template> part is cloned into a row. */

import { firstOf } from "./cut.js";
import { addresses } from "./links.js";
import { showPicture } from "./surroundings.js";

export function part(root, name) {
  return root.querySelector(`[data-part="${name}"]`);
}

export function clone(root, name) {
  return part(root, name).content.firstElementChild.cloneNode(true);
}

/** Sets text, and hides the element when there is none. */
export function write(element, text) {
  if (!element) return;
  element.textContent = text ?? "";
  element.hidden = !text;
}

/** Writes a text with its web and mail addresses as links; never as markup. */
export function linked(text) {
  const fragment = document.createDocumentFragment();
  let at = 0;
  for (const { index, found, href, shown } of addresses(text)) {
    const link = Object.assign(document.createElement("a"), { href, textContent: shown });
    link.rel = "noopener noreferrer nofollow";
    link.target = "_blank";
    // Keeps the link apart from direction marks around it: they cannot turn round what it shows.
    link.dir = "ltr";
    fragment.append(text.slice(at, index), link);
    at = index + found.length;
  }
  fragment.append(text.slice(at));
  return fragment;
}

/** Writes a moment into a <time>, in the form that its template asks for. */
export function setTime(element, iso, times) {
  element.dateTime = iso;
  element.title = times.full(iso);
  element.textContent = times[element.dataset.form](iso);
}

export function setAvatar(element, person) {
  element.className = element.className.replace(/\bhue-\d+/, `hue-${hue(person.id)}`);
  const face = person.avatar_url ? Object.assign(document.createElement("img"), { alt: "" }) : document.createTextNode(initials(person.name));
  if (person.avatar_url) showPicture(face, person.avatar_url);
  const old = [...element.childNodes].find((node) => node.nodeName === "IMG" || node.textContent.trim());
  if (old) old.replaceWith(face);
  else element.prepend(face);
}

export function initials(name) {
  const words = name.split(/\s+/).filter((word) => (/^[\p{L}\p{N}]/u.test(word)));
  if (!words.length) return (firstOf(name) || "?").toUpperCase();
  return (firstOf(words[0]) + (words.length > 1 ? firstOf(words.at(-1)) : "")).toUpperCase();
}

/** Returns the same hue as the server's filter, in steps of thirty: FNV-1a over the id. */
export function hue(id) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(id)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return Math.floor((hash % 360) / 30);
}

export const badgeText = (count) => (count < 100 ? String(count) : "99+");
