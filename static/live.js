/* Keeps [data-live="/url"] current: asks every two seconds, and a page that did not change costs a 304. */

import { serverTime, start, tick } from "./timers.js";

const area = document.querySelector("[data-live]");
const lamp = document.querySelector("[data-lamp]");
let etag = "";
let missed = 0;

function focusKey() {
  const focused = document.activeElement;
  return focused && area.contains(focused) ? focused.id || focused.getAttribute("href") : "";
}

async function refresh() {
  try {
    const response = await fetch(area.dataset.live, { credentials: "same-origin", headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" });
    if (response.status === 200) {
      const open = Array.from(area.querySelectorAll("details[open]"), (one) => one.id);
      const key = focusKey();
      area.innerHTML = await response.text();
      etag = response.headers.get("ETag") || "";
      open.forEach((id) => { const found = id && document.getElementById(id); if (found) { found.open = true; } });
      if (key) {
        const again = document.getElementById(key) || Array.from(area.querySelectorAll("a[href]")).find((one) => one.getAttribute("href") === key);
        if (again) { again.focus({ preventScroll: true }); }
      }
    } else if (response.status === 401 || response.status === 403) {
      location.reload();
      return;
    } else if (response.status !== 304) {
      throw new Error(String(response.status));
    }
    const date = response.headers.get("Date");
    if (date) { serverTime(date); }
    missed = 0;
  } catch (unreachable) {
    missed += 1;
  }
  if (lamp) {
    const lost = missed > 2;
    lamp.classList.toggle("lost", lost);
    lamp.textContent = lost ? lamp.dataset.lost : lamp.dataset.lamp;
  }
  area.classList.toggle("stale", missed > 2);
  tick();
}

function loop() {
  const pause = (document.hidden ? 15000 : 2000) + Math.random() * 400;
  setTimeout(async () => { await refresh(); loop(); }, pause);
}

if (area) {
  start(area.dataset.now);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { refresh(); } });
  loop();
}
