/* Copies a link, and hands it to the share sheet of the device where there is one. Without script it stands in a field. */

import { part } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

export function shareLink(root, app) {
  const { link, title } = root.dataset;
  const copy = part(root, "copy");
  const share = part(root, "share");
  const field = part(root, "link");

  field.addEventListener("focus", () => field.select());
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(link);
      copy.lastChild.textContent = t("Link copied.");
      app.announce(t("Link copied."));
    } catch {
      // Browsers copy only over HTTPS, or when asked: then the person does it.
      field.focus();
      app.announce(t("Your browser allows copying only over HTTPS."));
    }
  });

  if (!navigator.share) return;
  share.hidden = false;
  share.addEventListener("click", () => void navigator.share({ title, url: link }).catch(() => {})); // closing it is no error
}
