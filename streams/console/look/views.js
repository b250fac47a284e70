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
// chosen, in the address too. What is drawn anew meanwhile does not take the choice away.
(() => {
  let chosen = new URLSearchParams(location.search).get("celula");
  const cell = (mark) => mark && document.querySelector(`.cell[data-mark="${CSS.escape(mark)}"]`);
  const tell = (one) => {
    const told = document.querySelector(".told");
    if (one && told && told.textContent !== one.dataset.told) told.textContent = one.dataset.told;
  };
  const near = (event) => event.target.closest?.(".cell");
  const settle = () => {
    const one = cell(chosen);
    if (one && !one.hasAttribute("aria-current")) {
      document.querySelectorAll(".cell[aria-current]").forEach((other) => other.removeAttribute("aria-current"));
      one.setAttribute("aria-current", "true");
      tell(one);
    }
  };
  document.addEventListener("focusin", (event) => tell(near(event)));
  document.addEventListener("mouseover", (event) => tell(near(event)));
  document.addEventListener("mouseout", (event) => { if (near(event)) tell(cell(chosen)); });
  document.addEventListener("click", (event) => {
    const one = near(event);
    if (!one || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    chosen = one.dataset.mark;
    const here = new URL(location.href);
    here.searchParams.set("celula", chosen);
    here.hash = "grade";
    history.replaceState(history.state, "", here);
    settle();
    tell(one);
  });
  document.addEventListener("DOMContentLoaded", () =>
    new MutationObserver(settle).observe(document.body, { childList: true, subtree: true }));
})();
