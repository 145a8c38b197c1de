/* Light or dark: the device's own wish until a person says otherwise. Loaded before the first paint. */
(function () {
  "use strict";
  var root = document.documentElement;
  var order = ["auto", "light", "dark"];
  function stored() {
    try { return localStorage.getItem("lineside-theme") || "auto"; } catch (refused) { return "auto"; }
  }
  function apply(theme) {
    if (theme === "auto") { root.removeAttribute("data-theme"); } else { root.setAttribute("data-theme", theme); }
    var buttons = document.querySelectorAll("[data-theme-toggle]");
    for (var i = 0; i < buttons.length; i++) {
      buttons[i].setAttribute("data-is", theme);
      var said = buttons[i].querySelector("[data-theme-said]");
      if (said) { said.textContent = buttons[i].getAttribute("data-said-" + theme); }
    }
  }
  apply(stored());
  document.addEventListener("DOMContentLoaded", function () { apply(stored()); });
  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("[data-theme-toggle]");
    if (!button) { return; }
    var theme = order[(order.indexOf(stored()) + 1) % order.length];
    try { localStorage.setItem("lineside-theme", theme); } catch (refused) { /* private mode: for this page only */ }
    apply(theme);
  });
})();
