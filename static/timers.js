/* Time since an instant, by the server's clock: [data-since="2026-01-31T10:00:00Z"] shows 1:02:03 or 4 d. */

let offset = null; // server minus this device, in milliseconds; null as long as the server's clock was never seen

export function serverTime(iso) { offset = Date.parse(iso) - Date.now(); }
export function serverNow() { return new Date(Date.now() + (offset || 0)); }
export function clockOffset() { return offset; }
/* What was known of the server's clock when this device last heard of it. */
export function seedClock(text) { offset = /^-?\d+$/.test(text || "") ? Number(text) : null; }

function two(value) { return String(value).padStart(2, "0"); }

export function since(iso, coarse) {
  const seconds = Math.max(0, Math.floor((serverNow() - Date.parse(iso)) / 1000));
  const hours = Math.floor(seconds / 3600);
  if (hours >= 48) { return Math.floor(hours / 24) + " d"; }
  if (coarse) {
    if (seconds < 60) { return seconds + " s"; }
    return hours ? hours + " h " + two(Math.floor(seconds / 60) % 60) : Math.floor(seconds / 60) + " min";
  }
  return hours + ":" + two(Math.floor(seconds / 60) % 60) + ":" + two(seconds % 60);
}

export function tick() {
  document.querySelectorAll("[data-since]").forEach((element) => {
    const text = since(element.dataset.since, element.hasAttribute("data-coarse"));
    if (element.textContent !== text) { element.textContent = text; }
  });
}

export function start(iso) {
  if (iso) { serverTime(iso); }
  tick();
  setInterval(tick, 1000);
}
