/* The reference of the API: a filter over its entries, and buttons that copy. */

export function apiDocs(root) {
  const filter = root.querySelector('[data-part="filter"]');
  const input = filter.querySelector("input");
  const found = root.querySelector('[data-part="found"]');
  const areas = [...root.querySelectorAll('[data-part="area"]')].map((element) => ({
    element,
    entries: [...element.querySelectorAll('[data-part="entry"]')].map((entry) => ({ entry, words: entry.textContent.toLowerCase() })),
  }));

  function apply() {
    const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { element, entries } of areas) {
      let shown = 0;
      for (const { entry, words } of entries) {
        entry.hidden = !wanted.every((word) => words.includes(word));
        shown += entry.hidden ? 0 : 1;
      }
      element.hidden = !shown;
      count += shown;
    }
    found.textContent = wanted.length ? `${count} found` : "";
  }

  /* A link to an entry that the filter hides shows it again. */
  function reveal() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target && !target.offsetParent) {
      input.value = "";
      apply();
      target.scrollIntoView();
    }
  }

  filter.hidden = false;
  input.addEventListener("input", apply);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    input.value = "";
    apply();
  });
  addEventListener("hashchange", reveal);
  if (navigator.clipboard) for (const button of root.querySelectorAll('[data-part="copy"]')) offerCopy(button);
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
