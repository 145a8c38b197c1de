/* Draws again what the server sent, without pulling anything away from under a finger: an element that stays is the same
 * element afterwards (focus and open details remain), and while a finger is down nothing is drawn at all, so that a tap
 * always ends on what it began on. */

const LONGEST_TOUCH = 10000; // A device that never tells of a touch's end must not stop the page for good.
const CLICK_FOLLOWS = 350; // Within this time after the finger is lifted, the browser makes a click of it.

const fingers = new Set();
const waiting = new Map();
let touchedAt = 0;
let timer = 0;

function isTouched() { return touchedAt > 0 && Date.now() - touchedAt < LONGEST_TOUCH; }

function lifted() {
  clearTimeout(timer);
  fingers.clear();
  touchedAt = 0;
  const draws = Array.from(waiting.values());
  waiting.clear();
  draws.forEach((draw) => draw());
}

document.addEventListener("pointerdown", (event) => {
  clearTimeout(timer);
  fingers.add(event.pointerId);
  touchedAt = Date.now();
}, true);
["pointerup", "pointercancel"].forEach((end) => document.addEventListener(end, (event) => {
  fingers.delete(event.pointerId);
  if (fingers.size === 0 && touchedAt) {
    clearTimeout(timer);
    timer = setTimeout(lifted, end === "pointerup" ? CLICK_FOLLOWS : 0);
  }
}, true));
document.addEventListener("click", () => { if (fingers.size === 0 && touchedAt) { setTimeout(lifted, 0); } }, true);

/* Draw now, or as soon as no finger is down; of several draws of one place only the newest is done. */
export function whenLifted(place, draw) {
  if (isTouched()) {
    waiting.set(place, draw);
  } else {
    waiting.delete(place);
    draw();
  }
}

/* Make the contents of an element those of the HTML, changing only what differs. */
export function redraw(element, html) {
  const wanted = document.createElement("template");
  wanted.innerHTML = html;
  const focused = document.activeElement;
  matchChildren(element, wanted.content);
  if (focused && focused !== document.activeElement && element.contains(focused)) { focused.focus({ preventScroll: true }); }
}

/* What an element is about: two with different names are never turned into each other. */
function nameOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.id || node.getAttribute("data-job") || node.getAttribute("href") || "" : "";
}

function matchChildren(parent, wantedParent) {
  const named = new Map();
  Array.from(parent.childNodes).forEach((node) => {
    const name = nameOf(node);
    if (name && !named.has(name)) { named.set(name, node); }
  });
  let at = parent.firstChild;
  Array.from(wantedParent.childNodes).forEach((wanted) => {
    const name = nameOf(wanted);
    const found = name ? named.get(name) : at;
    named.delete(name);
    if (!found || found.nodeName !== wanted.nodeName || nameOf(found) !== name) {
      parent.insertBefore(document.importNode(wanted, true), at);
      return;
    }
    if (found === at) { at = at.nextSibling; } else { parent.insertBefore(found, at); }
    matchNode(found, wanted);
  });
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function matchNode(node, wanted) {
  if (node.nodeType !== Node.ELEMENT_NODE) {
    if (node.data !== wanted.data) { node.data = wanted.data; }
    return;
  }
  // What a timer shows is written by the page, not by the server.
  const isTimer = node.hasAttribute("data-since") && node.getAttribute("data-since") === wanted.getAttribute("data-since");
  Array.from(wanted.attributes).forEach((one) => {
    if (node.getAttribute(one.name) !== one.value) { node.setAttribute(one.name, one.value); }
  });
  Array.from(node.attributes).forEach((one) => {
    // Whether details or a dialog are open is the reader's business.
    if (!wanted.hasAttribute(one.name) && one.name !== "open") { node.removeAttribute(one.name); }
  });
  if (!isTimer) { matchChildren(node, wanted); }
}
