// The focus never falls to the page: where what had it is gone, hidden or disabled by a deed, it goes on to where one
// goes on. Whoever clicks beside everything has it nowhere, as everywhere else.
(() => {
  const EVERY = 150; // milliseconds; no event says that a field was removed or disabled
  const isWithin = (path, selector) => path.some((each) => each.matches(selector));
  const isThere = (each) => each?.isConnected && each.checkVisibility({ visibilityProperty: true }) && !each.matches(":disabled");
  const isOpen = (each) => isThere(each) && (window.castbook.dialog()?.contains(each) ?? true);
  const letsGo = (each) => isOpen(each) && each.matches("input, textarea"); // of the focus; a button that is there was disabled for a moment
  const first = (box, selector) => [...box.querySelectorAll(selector)].find(isThere);
  // A list would open with the focus.
  const BUTTONS = "button:not([tabindex='-1']), a[href]";
  const FIELDS = "input:not([role=combobox], [role=listbox], [type=file]), textarea";
  const isTouched = matchMedia("(pointer: coarse)").matches; // there a field to write in brings up half a screen of keys
  const STOPS = isTouched ? BUTTONS : `${BUTTONS}, ${FIELDS}`;
  const WRITTEN = isTouched ? "#composer button.draw, #scene-choose" : ":is(#scene-prompt, #new-prompt) textarea, #scene-choose";

  let path = []; // what had the focus last, and all that it is in
  document.addEventListener("focusin", ({ target }) => {
    path = [];
    for (let each = target; each && each !== document.body; each = each.parentElement) path.push(each);
  });
  document.addEventListener("mousedown", ({ target }) => {
    if (!target.closest("button, a, input, textarea, [tabindex]")) {
      setTimeout(() => document.activeElement === document.body && (path = []));
    }
  });

  const next = () => {
    const box = window.castbook.dialog();
    const isHere = !box && isThere(document.querySelector("#studio"));
    if (isHere && isWithin(path, "#composer")) return first(document, WRITTEN);
    if (isOpen(path[0])) return path[0];
    if (isHere && !isWithin(path, "#rail")) return first(document, "#stream .tile[tabindex='0']") ?? first(document, WRITTEN);
    const around = path.filter((each) => isThere(each) && (!box || box.contains(each)));
    return around.map((each) => first(each, STOPS)).find(Boolean) ?? (box && first(box, STOPS));
  };

  let missed = false; // once already: a deed may be about to say itself where to go
  setInterval(() => {
    const isNowhere = document.activeElement === document.body && path.length && !letsGo(path[0]) && document.hasFocus();
    if (isNowhere && missed) next()?.focus({ preventScroll: true });
    missed = isNowhere && !missed;
  }, EVERY);
})();
