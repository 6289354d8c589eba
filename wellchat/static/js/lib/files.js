/* Draws the files of a message from the server's templates, with the same texts as attachments/serializers.py. */

import { part } from "./dom.js";
import { language, t, tn } from "./i18n.js";
import { pictureOf, showPicture } from "./surroundings.js";

const MAX_SIDE = 320; // CSS pixels of a picture in a conversation
const MIN_SIDE = 56;

/** Pictures that this page has sent. They are shown from the device, without a download. */
export const previews = new Map(); // file id -> blob address

export function describeFiles(files = []) {
  const photos = files.filter((file) => file.width).length;
  if (!files.length) return "";
  if (photos === files.length) return photos === 1 ? t("Photo") : tn("%(num)s photo", "%(num)s photos", photos);
  if (files.length > 1) return tn("%(num)s file", "%(num)s files", files.length);
  const [{ name, media_type: type }] = files;
  if (type.startsWith("audio/")) return t("Recording: %(name)s", { name });
  if (type.startsWith("video/")) return t("Video: %(name)s", { name });
  return t("Document: %(name)s", { name });
}

/** Returns the text of a message, or a summary if it has only files. */
export const messageText = ({ body, attachments }) => body || describeFiles(attachments);

export function fileSize(size) {
  if (size < 1000) return tn("%(num)s byte", "%(num)s bytes", size);
  if (size < 999_500) return t("%(num)s kB", { num: number(size / 1000, 0) });
  return t("%(num)s MB", { num: number(size / 1_000_000, 1) });
}

const number = (value, digits) =>
  value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });

export function fitted(width, height) {
  const scale = Math.min(1, MAX_SIDE / Math.max(width, height));
  return [width, height].map((side) => Math.max(MIN_SIDE, Math.round(side * scale)));
}

const blank = ([width, height]) =>
  `data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='${width}' height='${height}'/%3E`;

/** Draws the files of a message into its row. If they are there already, it only adds new thumbnails. */
export function fillFiles(row, { deleted, attachments }) {
  const box = part(row, "files");
  const files = deleted ? [] : (attachments ?? []);
  const standing = [...box.children].map(({ dataset }) => `${dataset.file} ${dataset.state}`).join();
  if (standing === files.map(({ id, state }) => `${id} ${state ?? "ready"}`).join()) {
    files.forEach((file, i) => file.width && show(box.children[i], file));
    return;
  }
  box.replaceChildren(...files.map(fileElement));
  box.hidden = !files.length;
  box.classList.toggle("files--many", files.filter((file) => file.width).length > 1);
}

/* Of a file that cannot be opened: the scanner has not answered yet, or has refused it. */
function stateWords({ state }) {
  if (state === "checking") return t("Being checked for viruses");
  return state === "refused" ? t("Refused by the virus scanner") : "";
}

function fileElement(file) {
  if (file.width) return pictureElement(file);
  return file.media_type.startsWith("audio/") ? recordingElement(file) : documentElement(file);
}

/* A recording; lib/recording_player.js plays it. */
function recordingElement(file) {
  const box = fromTemplate("file-recording", file);
  const [play, get] = [part(box, "play"), part(box, "get")];
  Object.assign(box.dataset, { name: file.name, duration: file.duration_ms ?? "" });
  play.ariaLabel = play.ariaLabel.replace("{name}", file.name);
  part(box, "wave").setAttribute("d", wave(file.peaks));
  part(box, "about").textContent = stateWords(file) || (file.duration_ms ? playTime(file.duration_ms) : fileSize(file.size));
  part(box, "name").textContent = ` ${file.name}`;
  Object.assign(get, { href: file.url, download: file.name, title: file.name });
  return box;
}

const wave = (peaks) =>
  [...(peaks || "0".repeat(48))].map((digit, at, all) => {
    const tall = Math.max(1, Math.round((Number.parseInt(digit, 32) / 31) * 15));
    return `M${+(((at + 0.5) * 192) / all.length).toPrecision(6)} ${16 - tall}v${2 * tall}`;
  }).join("");

/** Formats a duration: 0:07, 12:30. */
export function playTime(ms, least = 1) {
  const seconds = Math.max(least, Math.round(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

export function pictureElement(file, size = fitted(file.width, file.height)) {
  const link = fromTemplate("file-picture", file);
  const [image] = link.children;
  part(link, "state").textContent = stateWords(file);
  Object.assign(link.dataset, { width: file.width, height: file.height });
  [image.width, image.height] = size;
  image.alt = file.name;
  image.src = blank(size);
  show(link, file);
  return link;
}

function documentElement(file) {
  const link = fromTemplate("file-document", file);
  link.download = link.title = part(link, "name").textContent = file.name;
  const ending = /\.(\w{1,8})$/.exec(file.name)?.[1].toUpperCase();
  part(link, "about").textContent = stateWords(file) || `${ending} · ${fileSize(file.size)}`;
  return link;
}

function fromTemplate(name, file) {
  const link = part(document, name).content.firstElementChild.cloneNode(true);
  if (link.matches("a")) link.href = file.url;
  link.dataset.file = file.id;
  link.dataset.state = file.state ?? "ready";
  return link;
}

/** Marks a picture as loading; controllers/attach.js removes the mark when it is loaded. */
export function showLoading(image) {
  const comes = !image.complete && !image.src.startsWith("data:");
  image.closest(".picture").classList.toggle("picture--coming", comes);
}

function show(link, file) {
  const image = link.querySelector("img");
  const src = previews.get(file.id) ?? file.thumbnail_url;
  const mark = () => {
    showLoading(image);
    link.classList.toggle("picture--waiting", image.src.startsWith("data:")); // an older state does not remove a thumbnail
  };
  if (src && pictureOf(image) !== src) showPicture(image, src, mark);
  mark();
}
