/* Elements of the page, made here. */

/** Makes an element with attributes and children. */
export function make(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  made.append(...children);
  return made;
}

/** Makes a button with an icon: `d` is its path in 20 units by 20. */
export function button(attributes, d, onclick) {
  const [svg, path] = ["svg", "path"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
  path.setAttribute("d", d);
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.append(path);
  const made = make("button", { type: "button", ...attributes }, svg);
  made.onclick = onclick;
  return made;
}
