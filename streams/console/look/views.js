// A section named in the address may come after the document has looked for it: go there then.
(() => {
  const name = decodeURIComponent(location.hash.slice(1));
  if (!name) return;
  let tries = 100;
  const seek = () => {
    const found = document.getElementById(name);
    if (found) found.scrollIntoView();
    else if (tries-- > 0) setTimeout(seek, 50);
  };
  document.addEventListener("DOMContentLoaded", seek);
})();
// The R × F × V grid: a cell that is pointed at or focused is told below; one that is chosen stays
// chosen, in the address too. The grid may be drawn anew meanwhile: choice and focus stay.
(() => {
  let chosen = new URLSearchParams(location.search).get("celula"), focused = null;
  const cell = (mark) => mark && document.querySelector(`.cell[data-mark="${CSS.escape(mark)}"]`);
  const tell = (one) => {
    const told = document.querySelector(".told");
    if (one && told && told.textContent !== one.dataset.told) told.textContent = one.dataset.told;
  };
  const settle = () => {
    const one = cell(chosen);
    if (one && !one.hasAttribute("aria-current")) {
      document.querySelectorAll(".cell[aria-current]").forEach((other) => other.removeAttribute("aria-current"));
      one.setAttribute("aria-current", "true");
      if (!focused) tell(one);
    }
    const lost = cell(focused);
    if (lost && document.activeElement === document.body) lost.focus({ preventScroll: true });
  };
  document.addEventListener("focusin", (event) => {
    const one = event.target.closest?.(".cell");
    focused = one ? one.dataset.mark : null;
    tell(one);
  });
  document.addEventListener("mouseover", (event) => tell(event.target.closest?.(".cell")));
  document.addEventListener("mouseout", (event) => {
    if (event.target.closest?.(".cells")) tell(cell(focused) || cell(chosen));
  });
  document.addEventListener("click", (event) => {
    const one = event.target.closest?.(".cell");
    if (!one || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    chosen = one.dataset.mark;
    const here = new URL(location.href);
    here.searchParams.set("celula", chosen);
    here.hash = "grade";
    history.replaceState(history.state, "", here);
    tell(one);
    settle();
  });
  document.addEventListener("DOMContentLoaded", () =>
    new MutationObserver(settle).observe(document.body, { childList: true, subtree: true }));
})();
