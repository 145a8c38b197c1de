/* The language of this device, and of whoever is at it: the page is loaded again in it, and what waits stays where it is. */

const COOKIE = "django_language"; // Django's own, see LANGUAGE_COOKIE_NAME
const DEVICE = "lineside-language";
const TRIED = "lineside-language-tried";

function read(store, key) { try { return store.getItem(key) || ""; } catch (refused) { return ""; } }
function write(store, key, value) { try { store.setItem(key, value); } catch (refused) { /* until the page is left */ } }

export class Language {
  /* mayLeave() says whether the page can be loaded again just now. */
  constructor({ available, mayLeave }) {
    this.available = available;
    this.mayLeave = mayLeave;
    this.now = document.documentElement.lang;
    if (!read(localStorage, DEVICE)) { write(localStorage, DEVICE, this.now); }
  }

  /* The person's language where they have one, else the device's. */
  follow(person) {
    const own = person && this.available.includes(person.language) ? person.language : "";
    const wanted = own || read(localStorage, DEVICE);
    if (!wanted || wanted === this.now) {
      write(sessionStorage, TRIED, "");
    } else if (this.available.includes(wanted) && this.mayLeave() && read(sessionStorage, TRIED) !== wanted) {
      // Once: a page out of this device's store may not have the language.
      write(sessionStorage, TRIED, wanted);
      this.load(wanted);
    }
  }

  choose(code) {
    write(localStorage, DEVICE, code);
    write(sessionStorage, TRIED, "");
    if (code !== this.now) { this.load(code); }
  }

  load(code) {
    document.cookie = COOKIE + "=" + code + "; path=/; max-age=34560000; samesite=lax";
    location.reload();
  }
}
