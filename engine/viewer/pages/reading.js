// Reading one conversation: keys from turn to turn and from one conversation to the next, and the photograph close up.
"use strict";
(() => {
  const lens = document.getElementById("lens"), pane = lens.querySelector(".pane");
  const STEPS = [1, 1.5, 2, 3, 4, 6, 8];
  let step = 0, width = 0;

  function size() { const image = pane.querySelector("img"); if (image) image.style.width = `${width * STEPS[step]}px`; }
  function nearer(by) { step = Math.min(Math.max(step + by, 0), STEPS.length - 1); size(); }

  function look() {
    const shown = document.querySelector("[data-zoom] img");
    if (!shown) return;
    const image = document.createElement("img");
    image.src = shown.src;
    image.alt = shown.alt;
    pane.replaceChildren(image);
    lens.showModal();
    const room = Math.min(pane.clientWidth, pane.clientHeight * shown.naturalWidth / Math.max(1, shown.naturalHeight));
    width = Math.max(120, room || shown.naturalWidth);
    step = 0;
    size();
    pane.focus();
    image.addEventListener("click", () => nearer(step === STEPS.length - 1 ? -step : 1));
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-zoom], .turn .shown img")) { event.preventDefault(); look(); }
    if (event.target.closest("[data-close]") || event.target === lens) lens.close();
    if (event.target.closest("[data-in]")) nearer(1);
    if (event.target.closest("[data-out]")) nearer(-1);
  });

  function turn(by) {
    const turns = [...document.querySelectorAll("#turns .turn")];
    if (!turns.length) return;
    const edge = 120;
    const now = turns.findLastIndex((one) => one.getBoundingClientRect().top <= edge);
    const to = turns[Math.min(Math.max(now + by, 0), turns.length - 1)];
    to.querySelector(".count").focus({ preventScroll: true });
    to.scrollIntoView({ block: "start" });
  }

  const follow = (id) => { const link = document.getElementById(id); if (link) location.assign(link.href); };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    if (lens.open) {
      if (event.key === "+" || event.key === "=") nearer(1);
      if (event.key === "-") nearer(-1);
      return;
    }
    ({ j: () => turn(1), k: () => turn(-1), n: () => follow("after"), p: () => follow("before"), u: () => follow("back"), z: look }[event.key] || (() => {}))();
  });
})();
