/* A field whose words are copied by the button beside it. Without script, the person does it. */

import { part } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

export function copyField(root, app) {
  const field = part(root, "field");
  const button = part(root, "copy");

  field.addEventListener("focus", () => field.select());
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = t("Copied");
      app.announce(t("Copied"));
    } catch {
      // Browsers copy only over HTTPS, or when asked: then the person does it.
      field.focus();
      app.announce(t("Your browser allows copying only over HTTPS."));
    }
  });
}
