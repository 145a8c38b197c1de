/* Keeps [data-live="/url"] current: asks every two seconds, and a page that did not change costs a 304. */

import { redraw, whenLifted } from "./redraw.js";
import { serverNow, serverTime, start, tick } from "./timers.js";

const area = document.querySelector("[data-live]");
const lamp = document.querySelector("[data-lamp]");
let etag = "";
let missed = 0;
let heard = null; // when the server was heard of last, by its own clock

async function refresh() {
  try {
    const response = await fetch(area.dataset.live, { credentials: "same-origin", headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" });
    if (response.status === 200) {
      const body = await response.text();
      etag = response.headers.get("ETag") || "";
      whenLifted("area", () => {
        redraw(area, body);
        tick();
      });
    } else if (response.status === 401 || response.status === 403) {
      location.reload();
      return;
    } else if (response.status !== 304) {
      throw new Error(String(response.status));
    }
    const date = response.headers.get("Date");
    if (date) { serverTime(date); }
    heard = serverNow();
    missed = 0;
  } catch (unreachable) {
    missed += 1;
  }
  if (lamp) {
    const lost = missed > 2;
    lamp.classList.toggle("lost", lost);
    const time = heard ? heard.toLocaleTimeString(document.documentElement.lang, { hour12: false, timeZone: lamp.dataset.zone || undefined }) : "–";
    lamp.textContent = lost ? lamp.dataset.lost.replace("{time}", time) : lamp.dataset.lamp;
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
  heard = serverNow();
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { refresh(); } });
  loop();
}
