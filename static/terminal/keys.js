/* Keys of a keyboard: those of the server's table press the button that names them in aria-keyshortcuts, Enter presses
 * what the state or the open sheet is about, and no key of the browser reloads the page by mistake. */

import { askedByItself, putAside } from "./asking.js";
import { $, config } from "./page.js";
import { primary } from "./scans.js";
import { openSheet } from "./sheets.js";

const TYPING = 1000; // A code that came too slowly for a scanner ends with Enter too; it must not count a piece.
let typedAt = -TYPING;

function isTakenBy(element) { return element && element.id !== "scan-sink" && element.closest("button, a, input, textarea, select, summary, [tabindex='0']"); }

document.addEventListener("keydown", (event) => {
  const key = event.key;
  if (event.ctrlKey || event.altKey || event.metaKey) { return; }
  if (key.length === 1) { typedAt = event.timeStamp; }
  if (key === "Enter") {
    const sheet = $("dialog[open]");
    if (event.defaultPrevented || event.repeat || event.timeStamp - typedAt < TYPING || isTakenBy(event.target)) { return; }
    const button = primary();
    if (button && (!sheet || button.form)) {
      event.preventDefault();
      button.click();
    }
  } else if (/^F([1-9]|10)$/.test(key)) {
    event.preventDefault();
    if (event.repeat || !config.keys.includes(key)) { return; }
    if (askedByItself()) { putAside(); }
    if ($("dialog[open]")) { return; }
    if (key === "F1") { openSheet("help"); return; }
    const button = $("[aria-keyshortcuts='" + key + "']");
    if (button) { button.click(); }
  }
});
