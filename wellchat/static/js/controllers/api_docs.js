/* The reference of the API: a filter over its entries, and buttons that copy. Without it everything is there, closed. */

const FEW = 3; // so many found entries are opened

export function apiDocs(root) {
  const filter = root.querySelector('[data-part="filter"]');
  const input = filter.querySelector("input");
  const found = root.querySelector('[data-part="found"]');
  const areas = [...root.querySelectorAll('[data-part="area"]')].map((element) => ({
    element,
    entries: [...element.querySelectorAll('[data-part="entry"]')].map((entry) => ({ entry, words: wordsOf(entry) })),
  }));

  function apply() {
    const wanted = plain(input.value).split(" ").filter(Boolean);
    const shown = [];
    for (const { element, entries } of areas) {
      for (const { entry, words } of entries) {
        entry.hidden = !wanted.every((word) => words.includes(` ${word}`));
        if (!entry.hidden) shown.push(entry);
      }
      element.hidden = entries.every(({ entry }) => entry.hidden);
    }
    found.textContent = wanted.length ? `${shown.length} found` : "";
    for (const entry of shown) entry.open = wanted.length > 0 && shown.length <= FEW;
  }

  /* A link leads to an open entry, also to one that the filter hides. */
  function reveal() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (!target) return;
    if (target.hidden || target.closest("[hidden]")) {
      input.value = "";
      apply();
    }
    target.open = true;
    target.scrollIntoView();
  }

  filter.hidden = false;
  input.addEventListener("input", apply);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    input.value = "";
    apply();
  });
  addEventListener("hashchange", reveal);
  reveal();
  if (navigator.clipboard) for (const button of root.querySelectorAll('[data-part="copy"]')) offerCopy(button);
}

/* Without the examples, which hold the same words everywhere. */
function wordsOf(entry) {
  const parts = [...entry.querySelectorAll("h3, p, dl")];
  return plain([entry.id, ...parts.map((part) => part.textContent)].join(" "));
}

/* Words in small letters with one blank before each. */
function plain(text) {
  return ` ${text.toLowerCase().replace(/[^a-z0-9_]+/g, " ")}`;
}

function offerCopy(button) {
  const text = button.closest('[data-part="curl"]').querySelector("code").textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
}
