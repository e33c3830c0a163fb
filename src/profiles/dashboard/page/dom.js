/** @import { StateLook } from './words.js' */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * What the page has under this id.
 *
 * @param {string} id
 */
export function element(id) {
  return part(document, `#${id}`, HTMLElement);
}

/** @param {string} id */
export function input(id) {
  return part(document, `#${id}`, HTMLInputElement);
}

/**
 * What must be there.
 *
 * @template {Element} Kind
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => Kind} kind
 * @throws Error when it is not there, or of another kind
 */
export function part(root, selector, kind) {
  const found = root.querySelector(selector);
  if (found instanceof kind) return found;
  throw new Error(`The page has no ${kind.name} ${selector}.`);
}

/**
 * What is in the template of this id.
 *
 * @param {string} id
 */
export function fromTemplate(id) {
  const { content } = part(document, `#${id}`, HTMLTemplateElement);
  return part(document.importNode(content, true), '*', HTMLElement);
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 */
export function html(name, text = '') {
  const node = document.createElement(name);
  node.textContent = text;
  return node;
}

/**
 * @template {keyof SVGElementTagNameMap} Name
 * @param {Name} name
 * @param {Readonly<Record<string, string | number>>} attributes
 */
export function svg(name, attributes, text = '') {
  const node = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) node.setAttribute(attribute, String(value));
  node.textContent = text;
  return node;
}

/**
 * Leaves a node alone that says so already: a selection in it stays, and nothing is laid out again.
 *
 * @param {Node} node
 * @param {string} text
 */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Every state is said by a word, an icon and a colour.
 *
 * @param {HTMLElement} node
 * @param {StateLook} look
 */
export function showState(node, { tone, icon, word }) {
  node.dataset.tone = tone;
  part(node, 'use', SVGElement).setAttribute('href', `#icon-${icon}`);
  say(part(node, '.word', HTMLElement), word);
}
