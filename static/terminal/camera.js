/* Scanning with the device's camera, where the browser allows it (over https): with the browser's own reader of barcodes
 * where it has one, else with ours, which reads QR codes. What is read is a scan like any other. */

import { $, words } from "./page.js";
import { openSheet } from "./sheets.js";

const LONGEST_SIDE = 800; // pixels: enough for a code that fills a third of the picture
const EVERY = 120; // milliseconds between two looks
const STARTS = ["sheet-sign-on", "sheet-step-up"];

const sheet = $("#sheet-camera");
const problem = $(".sheet-problem", sheet);
const video = $("video", sheet);
let stream = null;
let timer = 0;

function release() {
  clearTimeout(timer);
  if (stream) { stream.getTracks().forEach((track) => track.stop()); }
  stream = video.srcObject = null;
}

async function reader() {
  if ("BarcodeDetector" in window) {
    try {
      const own = new window.BarcodeDetector({ formats: await window.BarcodeDetector.getSupportedFormats() });
      return async () => {
        const [found] = await own.detect(video);
        return found ? found.rawValue : "";
      };
    } catch (without) { /* ours */ }
  }
  // Most devices never need it, so the page does not load it; install.js keeps it for when there is no network.
  const { readQr } = await import("./qr.js");
  const canvas = document.createElement("canvas");
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  return async () => {
    const scale = Math.min(1, LONGEST_SIDE / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    drawing.drawImage(video, 0, 0, canvas.width, canvas.height);
    return readQr(drawing.getImageData(0, 0, canvas.width, canvas.height)) || "";
  };
}

async function look(scanned) {
  problem.textContent = "";
  let read = null;
  try {
    const wanted = { video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } }, audio: false };
    const granted = await navigator.mediaDevices.getUserMedia(wanted);
    if (!sheet.open) {
      granted.getTracks().forEach((track) => track.stop());
      return;
    }
    stream = video.srcObject = granted;
    await video.play();
    read = await reader();
  } catch (refused) {
    problem.textContent = refused.name === "NotAllowedError" ? words.camera_refused : words.camera_missing;
    return;
  }
  const again = async () => {
    if (!stream) { return; }
    let text = "";
    try { text = video.videoWidth ? await read() : ""; } catch (blurred) { /* the next picture */ }
    if (text && stream) {
      sheet.close();
      scanned(text);
    } else { timer = setTimeout(again, EVERY); }
  };
  again();
}

/* In a sheet the page's own button cannot be reached: one of its own stands beside what closes it. */
function offer(opened) {
  const head = $(".sheet-head", opened);
  if (!head || $("[data-camera]", head) || !(STARTS.includes(opened.id) || $("[data-scan-sink], [data-scan]", opened))) { return; }
  const button = $("#camera").cloneNode(true);
  button.removeAttribute("id");
  head.insertBefore(button, head.lastElementChild);
}

/* scanned(text) with what the camera read. */
export function watch(scanned) {
  if (!navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) { return; }
  $("#camera").hidden = false;
  document.addEventListener("opened", (event) => offer(event.target));
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-camera]")) {
      openSheet("camera", true);
      look(scanned);
    }
  });
  sheet.addEventListener("close", release);
  document.addEventListener("visibilitychange", () => { if (document.hidden && sheet.open) { sheet.close(); } });
}
