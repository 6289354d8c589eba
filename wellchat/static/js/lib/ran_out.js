/* The session has ended by time while words were unsent: the page stays, says so beside them, and leads to the sign-in. */

import { keepsWords } from "./storage.js";
import { t } from "./i18n.js";

export function sayRanOut() {
  if (document.querySelector('[data-part="ran-out"]')) return;
  const form = document.querySelector("form.composer");
  // What stands in other fields is kept by nobody, so the page must stay.
  const kept = form && keepsWords && !document.querySelector(".message--editing");
  const line = Object.assign(document.createElement("p"), { className: "composer__problem composer__problem--ended" });
  line.dataset.part = "ran-out";
  line.setAttribute("role", "alert");
  const link = Object.assign(document.createElement("a"), { textContent: t("Sign in") });
  link.href = `/sign-in?next=${encodeURIComponent(location.pathname + location.search + location.hash)}`;
  if (!kept) link.target = "_blank";
  line.append(t("You have been signed out, because some time has passed."), " ");
  line.append(kept ? t("What you wrote is kept, and waits for you.") : t("What you wrote is kept on this page only."), " ", link);
  if (form) form.prepend(line);
  else document.querySelector("main").prepend(line);
}
