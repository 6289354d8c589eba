/* Asks the browser for a passkey and sends what it says with the form: data-kind "add" makes one, "use" uses one;
   data-options is the address of what the browser needs for it. Where there are no passkeys the form stays hidden. */

import { part } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

export function passkey(root) {
  if (!window.PublicKeyCredential) {
    const words = document.querySelector('[data-part="no-passkeys"]');
    if (words) words.hidden = false;
    return;
  }
  const form = root.closest("form");
  const button = root.querySelector("button");
  const error = part(root, "error");
  root.hidden = false;
  root.querySelector("[autofocus]")?.focus(); // the browser passes over what was hidden

  function show(words) {
    error.hidden = !words;
    part(root, "words").textContent = words;
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    show("");
    try {
      const options = await optionsFrom(root.dataset.options);
      const made = root.dataset.kind === "add" ? await add(options) : await use(options);
      form.elements.response.value = JSON.stringify(made);
      form.submit();
    } catch (fault) {
      button.disabled = false;
      show(inWords(fault));
      button.focus();
    }
  });
}

class NoOptions extends Error {}

async function optionsFrom(address) {
  const csrf = document.querySelector('meta[name="csrf-token"]').content;
  const answer = await fetch(address, { method: "POST", headers: { "X-CSRFToken": csrf }, credentials: "same-origin" });
  // A redirect leads to a page that wants something else first, such as a fresh proof.
  if (!answer.ok || answer.redirected) throw new NoOptions();
  return answer.json();
}

async function add(options) {
  const credential = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: (options.excludeCredentials ?? []).map(withBytes),
    },
  });
  const { response } = credential;
  return asJson(credential, {
    attestationObject: text(response.attestationObject),
    transports: response.getTransports?.() ?? [],
  });
}

async function use(options) {
  const credential = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: (options.allowCredentials ?? []).map(withBytes),
    },
  });
  const { response } = credential;
  return asJson(credential, {
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: response.userHandle ? text(response.userHandle) : null,
  });
}

const asJson = (credential, response) => ({
  id: credential.id,
  rawId: text(credential.rawId),
  type: credential.type,
  response: { clientDataJSON: text(credential.response.clientDataJSON), ...response },
});

const withBytes = (one) => ({ ...one, id: bytes(one.id) });

/* base64url, as the server writes and reads it. */
const bytes = (words) => Uint8Array.from(atob(words.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function inWords(fault) {
  if (fault instanceof NoOptions) return t("That did not work. Reload the page and try again.");
  if (fault.name === "InvalidStateError") return t("This device has a passkey of yours already.");
  if (fault.name === "SecurityError") return t("The browser takes no passkeys at this address.");
  // The browser does not say which it was: a page must not learn what passkeys a device has.
  if (fault.name === "NotAllowedError") return t("No passkey was used: it was cancelled, or it took too long. Try again.");
  return t("This browser or device cannot do that. Try another way.");
}
