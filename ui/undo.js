// The line that takes back the last deed goes by itself, unless somebody is at it; the next deed brings it again.
(() => {
  const STAYS = 20000; // milliseconds
  let said = "";
  let going;
  const go = (line) => {
    if (line.matches(":hover, :focus-within")) going = setTimeout(go, STAYS, line);
    else line.querySelector("#undo-close")?.click();
  };
  new MutationObserver(() => {
    const line = document.querySelector("#undo");
    const now = line?.checkVisibility() ? line.innerText : "";
    if (now === said) return;
    said = now;
    clearTimeout(going);
    if (!now) return;
    line.setAttribute("role", "status");
    going = setTimeout(go, STAYS, line);
  }).observe(document.documentElement, { childList: true, subtree: true, characterData: true });
})();
