// A dialog that behaves like one: it takes the focus, keeps it, closes by Esc, and gives the focus back.
// Two kinds: the library popup, which the server shows and hides, and a `.dialog`, which is opened and closed here.
(() => {
  let opener = null;
  const popup = () => document.querySelector(".dialog.is-open") ?? document.querySelector(".popup"); // which lies beneath
  const focusable = (box) =>
    [...box.querySelectorAll("button:not([disabled]),a[href],input,textarea,[tabindex]:not([tabindex='-1'])")].filter(
      (each) => each.offsetParent
    );

  // Safari does not focus a clicked button, so the opener is remembered from the click itself.
  document.addEventListener("click", (event) => {
    if (!popup()) opener = event.target.closest("button") ?? opener;
    else if (event.target.matches(".popup, .dialog, .dialog .popup-close")) close();
  }, true);

  const close = () => {
    const box = popup();
    if (!box?.classList.contains("dialog")) return document.querySelector("#library-close")?.click();
    box.classList.remove("is-open");
    opener?.focus?.();
  };

  const present = (box) => {
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-modal", "true");
    box.setAttribute("aria-labelledby", box.querySelector("[id$=-title]")?.id ?? "library-title");
    // The contents are mounted after the box: try for a second.
    const focus = (tries) => {
      if (box.contains(document.activeElement)) return;
      const search = box.querySelector("#library-search input, #library-search textarea");
      const first = box.classList.contains("dialog") ? focusable(box)[0] : search;
      if (first) first.focus();
      else if (tries) setTimeout(() => focus(tries - 1), 40);
    };
    focus(250);
  };

  // Nobody writes behind an open dialog, whatever else would have taken the focus there.
  document.addEventListener("focusin", ({ target }) => {
    const box = document.querySelector(".dialog.is-open");
    if (box && !box.contains(target)) focusable(box)[0]?.focus();
  });

  let presented = null;
  new MutationObserver(() => {
    const box = document.querySelector(".popup");
    if (box === presented) return;
    presented = box;
    if (box) present(box);
    else opener?.focus?.();
  }).observe(document.documentElement, { childList: true, subtree: true });

  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

  const walkPictures = (event, box) => {
    const pictures = [...box.querySelectorAll("#library-gallery .thumbnail-item")];
    const at = pictures.indexOf(document.activeElement);
    const inSearch = document.activeElement?.closest("#library-search");
    if (at < 0 && !(inSearch && event.key === "ArrowDown")) return;
    const next = pictures[at < 0 ? 0 : at + step[event.key]];
    if (next) next.focus();
    event.preventDefault();
    event.stopPropagation();
  };

  const keepInside = (event, box) => {
    const stops = focusable(box);
    if (!stops.length) return;
    const at = stops.indexOf(document.activeElement);
    const leaves = at < 0 || (event.shiftKey ? at === 0 : at === stops.length - 1);
    if (!leaves) return;
    event.preventDefault();
    stops[event.shiftKey ? stops.length - 1 : 0].focus();
  };

  document.addEventListener("keydown", (event) => {
    const box = popup();
    if (!box || event.isComposing) return; // Esc and arrows belong to whoever is composing Hangul
    // What was found stands open as long as its dialog does.
    const inOpenList = document.activeElement?.matches("[aria-expanded=true]:not([aria-controls=find-list])");
    if (event.key === "Escape" && !inOpenList) close();
    else if (event.key === "Tab") keepInside(event, box);
    else if (event.key in step) walkPictures(event, box);
  }, true);

  Object.assign(window.castbook, {
    dialog: popup,
    openDialog(id) {
      const box = document.querySelector(id);
      document.querySelector(".dialog.is-open")?.classList.remove("is-open"); // one at a time
      box.classList.add("is-open");
      present(box);
    },
    closeDialog() {
      if (document.querySelector(".dialog.is-open")) close();
    },
  });
})();
