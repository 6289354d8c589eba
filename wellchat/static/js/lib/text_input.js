/* Makes fields of several lines work alike in all browsers. */

/** Fits the height of a field to its text, in browsers where the style sheet cannot (field-sizing). */
export function autosize(field) {
  if (CSS.supports("field-sizing", "content")) return;
  const { form } = field;
  form.style.minBlockSize = `${form.offsetHeight}px`; // nothing around the field may move while it is measured
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
  form.style.minBlockSize = "";
}

/** Tells whether the device is used by finger: Enter is a new line there. */
export const touch = () => matchMedia("(pointer: coarse)").matches;

/** Tells whether a key sends: Enter where there is a keyboard, and everywhere with Ctrl or Cmd. */
export function sends(event) {
  if (event.key !== "Enter" || isComposing(event)) return false;
  return event.ctrlKey || event.metaKey || !(event.shiftKey || touch());
}

/** Returns the letter of a key. Keyboards of other scripts have it in the place of a Latin one. */
export function letterOf({ key, code = "" }) {
  if (/^[a-z]$/i.test(key)) return key.toLowerCase();
  return /^Key[A-Z]$/.test(code) ? code.at(-1).toLowerCase() : key;
}

/** Puts text into a field in place of a part of it, so that "undo" takes it out again. */
export function insertText(field, text, from = field.selectionStart, to = field.selectionEnd) {
  field.focus({ preventScroll: true });
  field.setSelectionRange(from, to);
  if (document.execCommand("insertText", false, text)) return; // the only way that "undo" knows of
  field.setRangeText(text, from, to, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Tells whether a key belongs to an input method. WebKit ends the composition before the keydown of its last Enter. */
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

// As BLANKS of wellchat/scripts.py.
const UNSEEN = /[\s\p{Cc}\p{Cf}\p{Cs}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f\u{13441}\u{13442}\u{16fe4}\u{1d159}\u{e0100}-\u{e01ef}]/gu;

/** Tells whether nothing of a text can be seen, as the server does. */
export const isBlank = (text) => !text.replace(UNSEEN, "");
