/* Sheets and their number pads. An "opened" event tells that a sheet was opened. */

import { $, $$, say, words, writesComma } from "./page.js";

/* over: what is open stays open below, with what was typed into it. */
export function openSheet(name, over) {
  const sheet = document.getElementById("sheet-" + name);
  if (!sheet || sheet.open) { return; }
  if (!over) { closeSheets(); }
  const form = $("form", sheet);
  if (form) {
    form.reset();
    $$("[data-typed]", form).forEach((field) => field.removeAttribute("data-typed"));
    $$("button[type=submit]", form).forEach(unask);
  }
  const problem = $(".sheet-problem", sheet);
  if (problem) { problem.textContent = ""; }
  sheet.dispatchEvent(new CustomEvent("opened", { bubbles: true }));
  sheet.showModal();
  const first = $("[data-first]", sheet) || $("[data-figure]", sheet);
  if (first) { first.focus(); }
  soonAsked(sheet);
}
export function closeSheet(name) { document.getElementById("sheet-" + name).close(); }
export function closeSheets() { $$("dialog[open]").forEach((sheet) => sheet.close()); }

export function press(key, form) {
  const field = $("[data-figure].active", form) || $("[data-figure]", form);
  if (!field) { return; }
  // The first digit takes the place of what was proposed.
  const fresh = field.hasAttribute("data-fresh") && !field.dataset.typed;
  field.dataset.typed = "yes";
  let text = field.value;
  if (key === "clear") { text = ""; }
  else if (key === "back") { text = text.slice(0, -1); }
  else if (key[0] === "+") { text = String(Math.round((Number(text || 0) + Number(key)) * 1e6) / 1e6); }
  else if (key === ".") { text = text.includes(".") ? text : (text || "0") + "."; }
  else if (key !== "." && text.length < 12) { text = (fresh || text === "0" ? "" : text) + key; }
  field.value = text;
  soonAsked(form);
  if (field.dataset.autosend && field.value.length >= Number(field.dataset.autosend)) { form.requestSubmit(); }
}
export function soonAsked(root) {
  $$("[data-echo]", root).forEach((echo) => {
    const field = $("[data-figure]", root);
    echo.textContent = field && field.value ? field.value : "";
  });
  $$("button[type=submit].asking", root).forEach(unask);
}
function unask(button) {
  if (button.classList.contains("asking")) {
    button.classList.remove("asking");
    $("[data-label]", button).textContent = button.dataset.usual;
  }
}
/* A figure that is unusual is asked for once more, with the figure itself as the button. */
export function unusual(form, button) {
  const field = $("[data-ask-over]", form);
  const label = button && $("[data-label]", button);
  if (!field || !label || button.classList.contains("asking") || !(Number(field.value) > Number(field.dataset.askOver))) { return false; }
  button.dataset.usual = label.textContent;
  button.classList.add("asking");
  label.textContent = say(words.really, { n: field.value });
  return true;
}

/* What cannot be is said at the field; nothing of it is stored or sent. */
export function whatIsWrong(field) {
  const text = field.value.trim();
  if (!text) { return field.dataset.needed; }
  if (!field.hasAttribute("data-figure")) { return ""; }
  if (!/^[0-9]{1,12}(\.[0-9]{1,6})?$/.test(text)) { return words.digits_only; }
  const places = (text.split(".")[1] || "").length;
  if (places > Number(field.dataset.decimals || 6)) { return Number(field.dataset.decimals) ? say(words.too_exact, { n: field.dataset.decimals }) : words.whole_only; }
  return Number(text) > 0 || "mayBeZero" in field.dataset ? "" : field.dataset.needed;
}

/* The screen's keyboard would cover the sheet, and scanners need none: it comes when it is asked for beside the field, and
 * goes with the field's focus. */
function showKeyboard(field, wanted) {
  field.inputMode = wanted ? "text" : "none";
  $("[data-keyboard]", field.parentElement).setAttribute("aria-pressed", String(wanted));
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-keyboard]");
  if (!button) { return; }
  const field = $("input", button.parentElement);
  const wanted = field.inputMode === "none";
  // Only a field that gains the focus is asked which keyboard it wants.
  field.blur();
  showKeyboard(field, wanted);
  field.focus();
});
document.addEventListener("focusout", (event) => {
  const field = event.target;
  if (field.matches(".typed input") && !(event.relatedTarget && field.parentElement.contains(event.relatedTarget))) { showKeyboard(field, false); }
});
document.addEventListener("focusin", (event) => {
  const field = event.target;
  if (field.matches && field.matches("[data-figure]")) {
    $$("[data-figure].active", field.form).forEach((one) => one.classList.remove("active"));
    field.classList.add("active");
  }
});
document.addEventListener("input", (event) => {
  // Where people write a comma they may; what is booked, and shown on the button, has a point.
  if (writesComma && event.target.matches("[data-figure]:not([type=password])")) { event.target.value = event.target.value.replace(",", "."); }
  event.target.dataset.typed = "yes";
  if (event.target.form) { soonAsked(event.target.form); }
});
