/* Puts a page of this site into this empty window, and starts its scripts. The frame around it has the page. */

import { pageOf } from "../js/lib/page.js";

const stage = window.parent.wellchatFrame;
globalThis.wellchatFrame = stage.surroundings(window);

show();

async function show() {
  const text = await stage.page(window);
  if (text === null) return; // signed out meanwhile: the frame says so
  const page = pageOf(text);
  for (const image of page.querySelectorAll('img[src^="/"]')) {
    image.dataset.picture = image.getAttribute("src");
    image.removeAttribute("src");
  }
  const root = document.documentElement;
  for (const { name, value } of page.documentElement.attributes) root.setAttribute(name, value);
  stage.dress(window);
  document.title = page.title;
  document.head.append(...page.querySelectorAll('head meta[name="csrf-token"]'));
  await Promise.all([...page.querySelectorAll('head link[rel="stylesheet"]')].map(({ href }) => style(href)));
  const own = document.querySelector('link[rel="stylesheet"]').href.replace(/css\/all\.css$/, "embed/frame.css");
  await style(own);
  document.body.replaceWith(document.adoptNode(page.body));
  for (const image of document.querySelectorAll("img[data-picture]")) bring(image);
  for (const { src } of page.querySelectorAll("head script[src]")) await import(src);
}

function style(href) {
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
  document.head.append(link);
  return new Promise((resolve) => ["load", "error"].forEach((end) => link.addEventListener(end, resolve)));
}

function bring(image) {
  const { picture } = image.dataset;
  globalThis.wellchatFrame.picture(picture).then(
    (blob) => image.dataset.picture === picture && (image.src = blob),
    () => image.dispatchEvent(new Event("error")),
  );
}
