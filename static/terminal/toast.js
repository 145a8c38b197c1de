/* Toasts: what, how much, which order; with the way back. */

import { $, words } from "./page.js";
import { signal } from "./signals.js";

let timer = 0;
let takeBack = () => {};

/* taken(entry) when somebody takes back what a toast tells of. */
export function onUndo(taken) { takeBack = taken; }

/* Never over the pad, wherever that has been scrolled to: at the foot, else at the head. */
function place() {
  const box = $("#toast");
  const pad = $(".pad");
  if (box.hidden || !pad) { return; }
  box.classList.remove("up");
  const own = box.getBoundingClientRect();
  const keys = pad.getBoundingClientRect();
  box.classList.toggle("up", own.top < keys.bottom && own.bottom > keys.top && own.left < keys.right && own.right > keys.left);
}
["scroll", "resize"].forEach((kind) => window.addEventListener(kind, place, { passive: true }));

/* tone: what it sounds like, where that is not what it looks like. */
export function toast(text, kind, entry, tone) {
  const box = $("#toast");
  box.className = "toast " + (kind || "");
  $("[data-said]", box).textContent = text;
  $("[data-fate]", box).textContent = "";
  box.dataset.entry = entry ? entry.id : "";
  const undo = $("[data-undo-last]", box);
  undo.hidden = !(entry && entry.undo);
  undo.onclick = () => {
    box.hidden = true;
    takeBack(entry);
  };
  box.hidden = false;
  place();
  signal(tone || kind);
  clearTimeout(timer);
  timer = setTimeout(hide, kind === "bad" ? 15000 : 10000);
}
export function hide() { $("#toast").hidden = true; }

/* What became of the entry that the toast still tells of. */
export function tellFate(entry, text) {
  const box = $("#toast");
  if (!box.hidden && box.dataset.entry === entry.id) {
    $("[data-fate]", box).textContent = text;
    place();
  }
}
export function tellWaiting(entries) {
  const shown = entries.find((entry) => entry.id === $("#toast").dataset.entry && entry.state === "waiting");
  if (shown) { tellFate(shown, words.not_sent_yet); }
}
