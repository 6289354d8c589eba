/* Popovers for browsers without them (Safari 16, Firefox 115). One is open at a time, above the page by its z-index. */

let shown = null;

function turn(menu, open) {
  shown = open ? menu : null;
  menu.classList.toggle("popover-open", open);
  menu.dispatchEvent(Object.assign(new Event("toggle"), { newState: open ? "open" : "closed" }));
}

Object.assign(HTMLElement.prototype, {
  showPopover() {
    if (shown === this) return;
    shown?.hidePopover();
    turn(this, true);
  },
  hidePopover() {
    if (shown === this) turn(this, false);
  },
});

const opens = ({ target }) => document.getElementById(target.closest?.("[popovertarget]")?.getAttribute("popovertarget"));

document.addEventListener("click", (event) => {
  const menu = opens(event);
  if (menu === shown) menu?.hidePopover();
  else menu?.showPopover();
});
document.addEventListener("pointerdown", (event) => {
  if (shown && !shown.contains(event.target) && opens(event) !== shown) shown.hidePopover();
}, { capture: true });
document.addEventListener("keydown", ({ key }) => key === "Escape" && shown?.hidePopover());
