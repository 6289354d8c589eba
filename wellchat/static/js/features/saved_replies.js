/* Saved replies: `/` at the beginning of a message, or the menu of the composer. The list comes when it is first needed. */

export function savedReplies(place, app) {
  const form = place.closest("form");
  const field = form.elements.body;
  let menu = null;
  let loading = null;
  let entered = false; // Enter was pressed while the list was on its way

  const begun = () => field.value.startsWith("/") && !field.value.includes("\n");

  function load() {
    loading ??= import("./saved_replies_menu.js")
      .then(({ replyMenu }) => (menu = replyMenu(form, place.dataset.threadId, app)))
      .finally(() => (loading = null));
    return loading;
  }

  async function typed() {
    try {
      if (!menu) await load();
      await menu.typed();
      if (entered && !menu.enter()) form.requestSubmit();
    } catch {
      if (entered) form.requestSubmit(); // without a list it is a message like any other
    }
    entered = false;
  }

  field.addEventListener("input", (event) => {
    if (!event.isComposing && (begun() || menu)) typed();
  });

  if (document.activeElement === field && begun()) typed(); // before this script was there

  form.addEventListener("keydown", (event) => {
    if (event.target !== field || event.key !== "Enter" || event.shiftKey || event.isComposing || !(loading || menu?.coming)) return;
    event.preventDefault();
    event.stopPropagation();
    entered = true;
  }, { capture: true });

  form.addEventListener("click", (event) => {
    const link = event.target.closest('a[href$="/saved-replies"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    link.closest("[popover]")?.hidePopover();
    const caret = [field.selectionStart, field.selectionEnd];
    (menu ? Promise.resolve() : load())
      .then(() => menu.browse(caret))
      .catch(() => location.assign(link.href)); // the same as a page
  });
}
