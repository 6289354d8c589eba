/* The list of saved replies over the composer. Filtered by what is typed behind `/`, or in a field of its own. */

import { write } from "../lib/dom.js";
import { isComposing } from "../lib/text_input.js";
import { t } from "../lib/i18n.js";

const MOST = 50; // rows of the list

export function replyMenu(form, threadId, app) {
  const field = form.elements.body;
  const { box, list, search, note } = makeBox(form);
  let all = null; // what there is; null while the menu is closed
  let from = field; // whose words filter
  let caret = null; // where the text goes, if not in place of the words
  let chosen = 0;
  let warned = null;
  let dismissed = false;
  const menu = { coming: null, typed, browse, enter };

  // One request, however fast somebody types meanwhile.
  function open() {
    if (all) return all;
    menu.coming ??= app.api
      .get(`/threads/${threadId}/saved-replies`)
      .then(({ saved_replies: found }) => (all = found))
      .finally(() => (menu.coming = null));
    return menu.coming;
  }

  async function typed() {
    const begun = field.value.startsWith("/") && !field.value.includes("\n");
    if (!begun) dismissed = false;
    if (!begun || dismissed) return from === field && close();
    await open();
    if (!all || !field.value.startsWith("/") || dismissed) return;
    [from, caret] = [field, null];
    show(field.value.slice(1));
  }

  async function browse(where) {
    await open();
    [from, caret] = [search, where];
    search.value = "";
    search.parentElement.hidden = false;
    show("");
    search.focus();
  }

  function show(words) {
    const found = matching(all, words).slice(0, MOST);
    warned = null;
    list.replaceChildren(...found.map(option));
    write(note, found.length ? "" : all.length ? t("No saved reply fits.") : t("No saved replies yet."));
    box.hidden = from === field && !found.length; // what begins with / may also be a message
    search.parentElement.hidden = from === field;
    from.setAttribute("aria-controls", list.id);
    search.setAttribute("aria-expanded", String(found.length > 0));
    if (found.length) choose(0);
    else from.removeAttribute("aria-activedescendant");
  }

  function choose(index) {
    const options = [...list.children];
    if (!options.length) return;
    chosen = (index + options.length) % options.length;
    options.forEach((one, i) => one.setAttribute("aria-selected", String(i === chosen)));
    options[chosen].scrollIntoView({ block: "nearest" });
    from.setAttribute("aria-activedescendant", options[chosen].id);
  }

  function close() {
    all = null;
    box.hidden = true;
    for (const one of [field, search]) ["aria-activedescendant", "aria-controls"].forEach((name) => one.removeAttribute(name));
    search.setAttribute("aria-expanded", "false");
    if (from === search) field.focus({ preventScroll: true });
    from = field;
  }

  /** Takes what is chosen; tells whether there was anything to take. */
  function enter() {
    if (box.hidden || !list.children.length) return false;
    take(list.children[chosen]);
    return true;
  }

  async function take(one) {
    const reply = all.find(({ id }) => id === one.dataset.id);
    if (reply.missing.length && warned !== reply.id) {
      warned = reply.id;
      const names = reply.missing.map((name) => `{${name}}`).join(", ");
      write(note, t("Has no value here: %(names)s. Choose it again to put in … for you to fill.", { names }));
      return;
    }
    const [words, at] = [field.value, caret];
    try {
      const { text } = await app.api.send("POST", `/threads/${threadId}/saved-replies/${reply.id}/use`);
      close();
      insert(text, at ?? (field.value === words ? [0, words.length] : null));
    } catch (error) {
      write(note, error.message);
    }
  }

  function insert(text, where) {
    field.focus({ preventScroll: true });
    const [start, end] = where ?? [field.selectionStart, field.selectionEnd];
    field.setSelectionRange(start, end);
    // By the browser's own act, so that one key undoes it; where it has none, by ours.
    if (!document.execCommand("insertText", false, text)) {
      field.setRangeText(text, start, end, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const gap = field.value.indexOf("…", start);
    if (text.includes("…") && gap >= 0) field.setSelectionRange(gap, gap + 1);
  }

  const ACTIONS = {
    ArrowDown: () => choose(chosen + 1),
    ArrowUp: () => choose(chosen - 1),
    Enter: enter,
    Tab: enter,
    Escape: () => (dismissed = from === field, close()),
  };

  // Before the composer hears it: Enter chooses here, and sends nothing.
  form.addEventListener("keydown", (event) => {
    if (box.hidden || event.target !== from || isComposing(event) || event.shiftKey || !ACTIONS[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    ACTIONS[event.key]();
  }, { capture: true });
  search.addEventListener("input", (event) => {
    event.stopPropagation(); // it is no text of the message
    if (all) show(search.value);
  });
  field.addEventListener("blur", () => from === field && close());
  search.addEventListener("blur", () => setTimeout(() => !box.contains(document.activeElement) && from === search && close()));
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", (event) => {
    const one = event.target.closest("[role=option]");
    if (one) take(one);
  });
  return menu;
}

function matching(all, words) {
  const wanted = folded(words).split(" ").filter(Boolean);
  const first = wanted.join(" ");
  const text = ({ title, preview }) => folded(`${title} ${preview}`);
  const found = all.filter((one) => wanted.every((word) => text(one).includes(word)));
  // What begins with the words comes before what only has them; else what is used most.
  return [...found].sort((a, b) => folded(b.title).startsWith(first) - folded(a.title).startsWith(first));
}

const folded = (text) => text.normalize("NFKC").toLowerCase();

function make(name, attributes = {}, children = []) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function option({ id, title, preview, missing }, index) {
  const rows = [make("strong", { class: "ellipsis", dir: "auto" }, [title]), make("span", { class: "quiet ellipsis", dir: "auto" }, [preview])];
  if (missing.length) rows.push(make("span", {}, [t("Has no value here: %(names)s", { names: missing.map((name) => `{${name}}`).join(", ") })]));
  return make("li", { id: `saved-reply-${index}`, role: "option", class: "saved-menu__one", "data-id": id }, rows);
}

function makeBox(form) {
  const list = make("ul", { id: "saved-replies", role: "listbox", class: "saved-menu__list", "aria-label": t("Saved replies") });
  const search = make("input", {
    ...{ class: "input", type: "text", role: "combobox", autocomplete: "off", "aria-autocomplete": "list" },
    ...{ "aria-expanded": "false", "aria-controls": list.id, "aria-label": t("Find a saved reply"), placeholder: t("Find a saved reply") },
  });
  const note = make("p", { class: "saved-menu__note small", role: "status" });
  const manage = make("a", { class: "small", href: "/settings/replies" }, [t("Change saved replies")]);
  const head = make("div", { class: "saved-menu__head" }, [search, manage]);
  const box = make("div", { class: "suggestions saved-menu", "data-part": "saved-menu" }, [head, note, list]);
  [box.hidden, note.hidden, head.hidden] = [true, true, true];
  form.append(box);
  return { box, list, search, note };
}
