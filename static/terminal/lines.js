/* One entry for several reasons: while a form gathers, each reason that is tapped becomes a line with the figure beside it,
 * and all of them are reported at once. */

import { $, $$ } from "./page.js";
import { soonAsked } from "./sheets.js";

const gathered = new WeakMap(); // form -> lines of {reason, quantity, choice}

export function linesOf(form) { return gathered.get(form) || []; }
export function sumOf(lines) { return Math.round(lines.reduce((sum, line) => sum + Number(line.quantity), 0) * 1e6) / 1e6; }
function isOn(form) { return Boolean($("[data-several][aria-pressed=true]", form)); }

function show(form, lines, on) {
  const list = $("[data-lines]", form);
  if (!list) { return; }
  gathered.set(form, lines);
  list.replaceChildren(...lines.map((line, index) => {
    const item = $("template", form).content.firstElementChild.cloneNode(true);
    $("[data-line-quantity]", item).textContent = line.quantity;
    $("[data-line-reason]", item).textContent = line.choice;
    $("button", item).onclick = () => show(form, lines.filter((_, at) => at !== index), true);
    return item;
  }));
  $("[data-several]", form).setAttribute("aria-pressed", String(on));
  $$("[data-when-one]", form).forEach((one) => { one.hidden = on; });
  $$("[data-when-several]", form).forEach((one) => { one.hidden = !on; });
  const send = $("[data-send-lines]", form);
  send.hidden = !lines.length;
  $("[data-sum]", send).textContent = lines.length ? String(sumOf(lines)) : "";
}
/* A reason that was tapped while the form gathers; true where it became a line and nothing is to be sent yet. */
export function addLine(form, button) {
  if (!isOn(form) || !button || !button.name) { return false; }
  const figure = $("[data-figure]", form);
  const line = { reason: button.value, quantity: figure.value, choice: button.dataset.usual || button.textContent.trim() };
  show(form, linesOf(form).concat(line), true);
  figure.value = figure.defaultValue;
  delete figure.dataset.typed;
  soonAsked(form);
  return true;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-several]");
  if (button) { show(button.form, [], !isOn(button.form)); }
});
document.addEventListener("reset", (event) => show(event.target, [], false));
