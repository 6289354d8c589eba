/* Calls the JSON interface and turns refusals into errors that callers can tell apart. */

import { t } from "../lib/i18n.js";

export class ApiError extends Error {
  /** Status 0 means that there was no response. */
  constructor(status, { title, detail, errors, ...rest } = {}, retryAfter = null) {
    super(detail || title || t("The server could not be reached."));
    this.name = "ApiError";
    this.status = status;
    this.errors = errors ?? {};
    this.problem = rest;
    this.retryAfter = retryAfter;
  }

  /** Tells whether the same request may work later: nothing is wrong with the request itself. */
  get temporary() {
    return [0, 401, 408, 429].includes(this.status) || this.status >= 500;
  }
}

export class Api {
  /** `viewerId` is the person of this page. The server refuses if somebody else has signed in meanwhile.
      onTime(ms) hears the server's time; onSignedOut() hears that a call was refused, because nobody is signed in. */
  constructor({ fetch, csrf = "", viewerId = "", root = "/api", onTime = () => {}, onSignedOut = () => {} }) {
    Object.assign(this, { fetch, csrf, viewerId, root, onTime, onSignedOut });
  }

  get(path, query, options) {
    return this.request("GET", path, { query, ...options }).then((answer) => answer.data);
  }

  send(method, path, body, options) {
    return this.request(method, path, { body, ...options }).then((answer) => answer.data);
  }

  /** Resolves to {status, data, headers}. Rejects with ApiError, or with AbortError if `signal` ended the request. */
  async request(method, path, { query, body, signal, keepalive = false } = {}) {
    const headers = { Accept: "application/json", "X-CSRFToken": this.csrf };
    if (this.viewerId) headers["X-Viewer"] = this.viewerId;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const response = await this.#fetch(this.root + path + search(query), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      keepalive,
      credentials: "same-origin",
      cache: "no-store",
    });
    if (!isFromServer(response)) throw new ApiError(0);
    this.onTime(Date.parse(response.headers.get("Date")));
    const data = await read(response, signal);
    if (response.status === 401) this.onSignedOut(path);
    if (response.status >= 400) throw new ApiError(response.status, data ?? {}, retryAfter(response));
    return { status: response.status, data, headers: response.headers };
  }

  async #fetch(url, options) {
    try {
      return await this.fetch(url, options);
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new ApiError(0);
    }
  }
}

function search(query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

/* A portal of the network may answer with a page of its own, which counts as no response. Only our server refuses in JSON.
   Temporary errors are known by their status, whoever sends them. */
function isFromServer({ status, headers }) {
  if (status < 400 || status >= 500 || [408, 429].includes(status)) return true;
  return /\bjson\b/.test(headers.get("Content-Type") ?? "");
}

async function read(response, signal) {
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    if (response.status >= 400) return null;
    throw new ApiError(0); // the response was cut off: the same as no response
  }
}

function retryAfter(response) {
  const seconds = Number.parseFloat(response.headers.get("Retry-After"));
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}
