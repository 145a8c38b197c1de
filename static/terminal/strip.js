/* The shift strip goes on by itself: what goes on grows with the server's clock, so that nothing is sent for it. */

import { $$ } from "./page.js";
import { serverNow } from "../timers.js";

const EVERY = 15000;

function grow() {
  $$("[data-shift-end]").forEach((strip) => {
    const start = Date.parse(strip.dataset.shiftStart);
    const whole = Date.parse(strip.dataset.shiftEnd) - start;
    const now = Math.max(0, Math.min(1000, ((serverNow() - start) / whole) * 1000));
    $$("[data-grows]", strip).forEach((mark) => {
      const x = Number(mark.getAttribute("x"));
      mark.setAttribute("width", Math.max(0, now - x).toFixed(1));
    });
    $$("[data-now]", strip).forEach((mark) => mark.setAttribute("d", "M" + now.toFixed(1) + " 0V24"));
  });
}

document.addEventListener("drawn", grow);
setInterval(grow, EVERY);
