const SVG = 'http://www.w3.org/2000/svg';

export function element(id) {
  return document.getElementById(id);
}

/** What is in the template of this id. */
export function fromTemplate(id) {
  return element(id).content.firstElementChild.cloneNode(true);
}

export function html(name, text = '') {
  const node = document.createElement(name);
  node.textContent = text;
  return node;
}

export function svg(name, attributes, text = '') {
  const node = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) node.setAttribute(attribute, value);
  node.textContent = text;
  return node;
}

/** Leaves a node alone that says so already: a selection in it stays, and nothing is laid out again. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Every state is said by a word, an icon and a colour. */
export function showState(node, { tone, icon, word }) {
  node.dataset.tone = tone;
  node.querySelector('use').setAttribute('href', `#icon-${icon}`);
  say(node.querySelector('.word'), word);
}
