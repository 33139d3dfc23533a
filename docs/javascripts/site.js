// A table that is wider than the page scrolls in itself: then the keyboard must be able to reach it.
function reach() {
  document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset table").forEach(function (box) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  });
}
window.addEventListener("load", reach);
window.addEventListener("resize", reach);
