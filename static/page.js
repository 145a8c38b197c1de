/* Timers on pages that are not live, and the button that prints one. */

import { start } from "./timers.js";

start("");
document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => window.print()));
