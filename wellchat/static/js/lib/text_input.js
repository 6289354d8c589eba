/* Fields of several lines, in all browsers alike. */

/** As high as what is written in it. Where the browser sizes fields by their content itself, the style sheet does this. */
export function autosize(field) {
  if (CSS.supports("field-sizing", "content")) return;
  const { form } = field;
  form.style.minBlockSize = `${form.offsetHeight}px`; // while it is measured nothing around it moves, and no log scrolls
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
  form.style.minBlockSize = "";
}

/** Whether a key belongs to an input method. WebKit says that the composing has ended before it tells of the Enter that ended it. */
export const isComposing = (event) => event.isComposing || event.keyCode === 229;
