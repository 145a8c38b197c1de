/* Opens the browser's print dialog, once by itself and again on the button. */

document.querySelector("[data-print]").addEventListener("click", () => window.print());
window.addEventListener("load", () => window.print());
