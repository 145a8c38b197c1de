/* A photo beside what is entered: made small and shown before it is sent, kept in the outbox as an entry of its own behind
 * the one it belongs to. Where a photo cannot be taken or kept, that is said, and what was entered goes its way without it. */

const LONGEST_SIDE = 1600; // A burr can be seen, and a slow network carries it.

const taken = new WeakMap(); // form -> promise of a blob, or of null

function parts(field) {
  const box = field.closest("[data-photo-box]");
  return { shown: box.querySelector("canvas"), drop: box.querySelector("[data-photo-drop]"), said: box.querySelector("[data-photo-said]") };
}
function clear(field) {
  const { shown, drop, said } = parts(field);
  taken.delete(field.form);
  shown.hidden = drop.hidden = true;
  said.textContent = "";
}

async function shrink(field, file) {
  const { shown, drop, said } = parts(field);
  if (file.size > Number(field.dataset.most) * 1048576) {
    said.textContent = field.dataset.tooLarge;
    return null;
  }
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    shown.width = Math.max(1, Math.round(picture.width * scale));
    shown.height = Math.max(1, Math.round(picture.height * scale));
    shown.getContext("2d").drawImage(picture, 0, 0, shown.width, shown.height);
    picture.close();
    const blob = await new Promise((resolve) => { shown.toBlob(resolve, "image/jpeg", 0.85); });
    if (!blob) { throw new Error("no picture"); }
    shown.hidden = drop.hidden = false;
    return blob;
  } catch (unreadable) {
    said.textContent = field.dataset.noPhoto;
    return null;
  }
}

document.addEventListener("change", (event) => {
  const field = event.target;
  if (!field.matches("[data-photo]")) { return; }
  const file = field.files[0];
  clear(field);
  if (file) { taken.set(field.form, shrink(field, file)); }
});
document.addEventListener("click", (event) => {
  const drop = event.target.closest("[data-photo-drop]");
  if (drop) {
    const field = drop.form.querySelector("[data-photo]");
    field.value = "";
    clear(field);
    field.focus();
  }
});
document.addEventListener("reset", (event) => {
  const field = event.target.querySelector("[data-photo]");
  if (field) { clear(field); }
});

/* Send the form's photo behind what was entered with it, under that entry's id and as the same person. */
export async function follow(form, entered, enqueue) {
  const field = form.querySelector("[data-photo]");
  const photo = field && taken.get(form);
  if (!photo) { return; }
  const { about, said, lost, url, of } = Object.assign({}, field.dataset);
  const [entry, blob] = await Promise.all([entered, photo]);
  if (!entry || !blob) { return; }
  enqueue("photo", { operation: entry.payload.operation, about, of: of || entry.id }, said, {
    blob, blob_url: url, lost, quiet: true, lane: entry.lane,
    person: entry.person, claimed: entry.claimed, person_name: entry.person_name, person_number: entry.person_number,
  });
}
