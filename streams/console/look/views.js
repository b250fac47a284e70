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
