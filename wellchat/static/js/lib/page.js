/* A page of the server as a document. */

/** Returns the page without its parts for browsers that run no script: where none runs, they are parsed as if they counted. */
export function pageOf(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  for (const root of [page, ...[...page.querySelectorAll("template")].map(({ content }) => content)]) {
    root.querySelectorAll("noscript").forEach((part) => part.remove());
  }
  return page;
}
