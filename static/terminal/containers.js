/* The label of a container says how much of a lot is in it: K250-2-24-118 is the second container, with 250 of lot 24-118. */

import { $ } from "./page.js";
import { soonAsked } from "./sheets.js";

const CONTAINER = /^K(\d+(?:\.\d+)?)-\d+-(.+)$/i;

/* The lot and what is in the container; null where the text is no container's label. */
export function opened(text) {
  const found = CONTAINER.exec(text);
  return found ? { contents: found[1], lot: found[2] } : null;
}
/* Where the open sheet has taken the container's lot, its content is proposed as how much. */
export function propose({ contents, lot }) {
  const sheet = $("dialog[open]");
  const figure = sheet && $("[data-contents]", sheet);
  const taken = figure && $("input[name=lot]", sheet);
  if (taken && taken.value === lot) {
    figure.value = contents;
    soonAsked(sheet);
  }
}
