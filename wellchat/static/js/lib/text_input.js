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

/** Tells whether a key belongs to an input method. WebKit ends the composition before the keydown of its last Enter. */
export const isComposing = (event) => event.isComposing || event.keyCode === 229;
