/* What a terminal lets people hear and feel: done, not recognized and refused sound different, where the device can sound. */

const KEY = "lineside-sound";
/* hertz, and seconds after each other */
const TONES = { good: [[880, 0.07]], unknown: [[440, 0.12], [440, 0.12]], bad: [[330, 0.15], [196, 0.3]] };
const SHAKES = { good: [30], unknown: [60, 60, 60], bad: [200, 80, 200] };
const GAP = 0.06;
let audio = null;

export function isOn() { try { return localStorage.getItem(KEY) !== "off"; } catch (refused) { return true; } }
export function turn(on) { try { localStorage.setItem(KEY, on ? "on" : "off"); } catch (refused) { /* until the page is left */ } }

function sound(kind) {
  const Audio = window.AudioContext || window.webkitAudioContext;
  if (!Audio || !isOn()) { return; }
  audio = audio || new Audio();
  if (audio.state === "suspended") { audio.resume(); }
  let at = audio.currentTime + 0.01;
  TONES[kind].forEach(([pitch, length]) => {
    const voice = audio.createOscillator();
    const volume = audio.createGain();
    voice.frequency.value = pitch;
    volume.gain.setValueAtTime(0.2, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + length);
    voice.connect(volume).connect(audio.destination);
    voice.start(at);
    voice.stop(at + length);
    at += length + GAP;
  });
}

/* kind: good, unknown or bad; others are silent. */
export function signal(kind) {
  if (!(kind in TONES)) { return; }
  if (navigator.vibrate && navigator.userActivation && navigator.userActivation.hasBeenActive) { navigator.vibrate(SHAKES[kind]); }
  try { sound(kind); } catch (mute) { /* a device without sound */ }
}

document.addEventListener("change", (event) => { if (event.target.id === "sound") { turn(event.target.checked); } });
const box = document.getElementById("sound");
if (box) { box.checked = isOn(); }

/* A kiosk stays lit as long as its page is seen; browsers allow that over https. */
async function stayLit() {
  if (document.hidden || !navigator.wakeLock) { return; }
  try { await navigator.wakeLock.request("screen"); } catch (saving) { /* a battery that is nearly empty */ }
}
document.addEventListener("visibilitychange", stayLit);
stayLit();
