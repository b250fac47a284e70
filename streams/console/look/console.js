// Theme, menu and language: they work before anything else is there, and without the server.
(() => {
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => (document.cookie.match(/(?:^|; )nyxter_theme=(light|dark)/) || [])[1] || "auto";
  const keep = (name, value) => { document.cookie = `${name}=${value};path=/;max-age=31536000;SameSite=Lax`; };
  const show = () => {
    const theme = chosen(), isDark = theme === "auto" ? dark.matches : theme === "dark";
    root.dataset.theme = isDark ? "dark" : "light";
    if (window.Quasar) Quasar.Dark.set(isDark);
    document.querySelectorAll("[data-theme-choice]").forEach((button) =>
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme)));
  };
  show();
  dark.addEventListener("change", show);
  document.addEventListener("DOMContentLoaded", show);
  window.addEventListener("load", show);
  const language = new URLSearchParams(location.search).get("lang");
  if (language === "pt" || language === "en") keep("nyxter_lang", language);
  document.addEventListener("click", (event) => {
    const theme = event.target.closest("[data-theme-choice]");
    if (theme) { keep("nyxter_theme", theme.dataset.themeChoice); show(); }
    const menu = event.target.closest(".menu");
    if (menu) menu.setAttribute("aria-expanded", String(menu.closest(".side").classList.toggle("open")));
  });
  document.addEventListener("keydown", (event) => {
    const side = document.querySelector(".side.open");
    if (event.key === "Escape" && side) side.querySelector(".menu").click();
  });
})();
// What is drawn anew does not take the focus away from a link that is still there.
(() => {
  let focused = null;
  const keep = () => {
    if (focused && document.activeElement === document.body)
      document.querySelector(`.page a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  };
  document.addEventListener("focusin", (event) => {
    focused = event.target.closest?.(".page a[href]")?.getAttribute("href");
  });
  document.addEventListener("pointerdown", () => { focused = null; });
  document.addEventListener("DOMContentLoaded", () =>
    new MutationObserver(keep).observe(document.body, { childList: true, subtree: true }));
})();
// The other language shows the same view: what is chosen goes along.
document.addEventListener("click", (event) => {
  const other = event.target.closest?.(".choices a[lang]");
  if (!other) return;
  const there = new URL(location.href);
  there.searchParams.set("lang", other.lang);
  other.href = there.href;
}, true);
