/* Timers on pages that are not live, the button that prints one, and arrow keys to the days before and after. */

import { start } from "./timers.js";

start("");
document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => window.print()));
document.addEventListener("keydown", (event) => {
  // A field, a list or a table that scrolls keeps its arrows.
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || document.activeElement.matches("input, select, textarea, [tabindex='0']")) { return; }
  const link = document.querySelector({ ArrowLeft: "a[rel=prev]", ArrowRight: "a[rel=next]" }[event.key] || "nothing");
  if (link) { link.click(); }
});
