/* What the page stands in: the window of a browser, or a frame in a page of another site. There the frame around it makes
   the requests, with the token that it has, and nothing is kept: see static/embed/stage.js. */

export const frame = globalThis.wellchatFrame ?? null;

/** Makes a request, as fetch() does. */
export const request = frame ? frame.fetch : (url, options) => fetch(url, options);

/** Lets an XMLHttpRequest act for the person of the page. Call it after open(). */
export const authorize = (xhr) => frame?.authorize(xhr);

/** Opens a page of this site. */
export const go = frame ? frame.go : (path) => location.assign(path);

/** Tells whether a page that opens may take the focus: a frame must not take it from the page around it. */
export const mayFocus = () => frame?.hadFocus() ?? true;

/** Loads the page anew. */
export const reload = frame ? frame.reload : () => location.reload();

/** What a browser offers to keep things, and to tell tabs of each other. A frame uses none of it: some throw. */
export const browser = frame
  ? { worker: undefined, caches: undefined, locks: null, channel: () => null }
  : {
      worker: globalThis.navigator?.serviceWorker,
      caches: globalThis.caches,
      locks: globalThis.navigator?.locks ?? null,
      channel: (name) => ("BroadcastChannel" in globalThis ? new BroadcastChannel(name) : null),
    };

/** Shows a picture by its address on this site; done() is called when the image has its source. */
export function showPicture(image, url, done = () => {}) {
  if (!frame || /^(?:data|blob):/.test(url)) {
    image.src = url;
    return done();
  }
  image.dataset.picture = url;
  frame.picture(url).then(
    (blob) => image.dataset.picture === url && ((image.src = blob), done()),
    () => image.dispatchEvent(new Event("error")),
  );
}

/** Returns the address of the picture that an image shows, or will show. */
export const pictureOf = (image) => image.dataset.picture ?? image.getAttribute("src");
