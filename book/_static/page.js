/* What the theme leaves undone. */
(function () {
  "use strict";
  const page = document.documentElement;

  /* A page that is read in the dark is printed in the light. */
  window.addEventListener("beforeprint", () => {
    const theme = page.dataset.theme;
    page.dataset.theme = "light";
    window.addEventListener("afterprint", () => { page.dataset.theme = theme; }, { once: true });
  });

  /* Without contents beside it a page has no entry to mark as read; the theme would look through all of its links. */
  document.addEventListener("DOMContentLoaded", () => {
    if (!document.querySelector(".bd-toc-nav")) document.body.removeAttribute("data-bs-spy");
  });
})();
