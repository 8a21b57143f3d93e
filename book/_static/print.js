/* A page that is read in the dark is printed in the light. */
(function () {
  "use strict";
  const page = document.documentElement;
  window.addEventListener("beforeprint", () => {
    const theme = page.dataset.theme;
    page.dataset.theme = "light";
    window.addEventListener("afterprint", () => { page.dataset.theme = theme; }, { once: true });
  });
})();
