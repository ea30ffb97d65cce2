// The composer and the keys: its chips open one at a time, a deed elsewhere leads to the field to write in, and what is
// done by mouse is done by keys.
(() => {
  const { castbook } = window;
  const visible = (selector) => [...document.querySelectorAll(selector)].find((each) => each.offsetParent);
  document.documentElement.classList.toggle("is-mac", /Mac|iP/.test(navigator.platform));

  // Chips: a click elsewhere, a choice in a menu or Esc closes the open one

  const openChips = () => [...document.querySelectorAll(".chip > button.open")];
  document.addEventListener("pointerdown", (event) => {
    if (castbook.dialog()) return;
    const list = event.target.closest("ul.options, .toast-wrap, #undo"); // a dropdown's within, and what a deed within brought up
    if (!list) for (const head of openChips()) if (!head.parentElement.contains(event.target)) head.click();
  }, true);

  document.addEventListener("click", ({ target }) => {
    if (target.closest(".way")) for (const head of openChips()) head.click(); // a way is chosen: its menu is done
  });

  let closesList = false; // asked before the list hears of the key
  document.addEventListener("keydown", ({ target }) => {
    closesList = Boolean(target.closest?.("[role=combobox][aria-expanded=true]"));
  }, true);

  const escape = ({ target }) => {
    if (closesList) return;
    const [head] = openChips();
    if (head) {
      head.click();
      head.focus();
    } else if (target.closest("#composer")) here()?.focus(); // where keys without Ctrl are heard
    else castbook.tiles.openSheet(false);
  };

  // Going to a field

  Object.assign(castbook, {
    showDesk(field, tries = 100) {
      if (!field) return;
      const target = document.querySelector(`${field} textarea, ${field} input`);
      if (castbook.dialog() || !target?.offsetParent) {
        // a tab is being turned, or the popup still holds the focus
        if (tries) setTimeout(() => castbook.showDesk(field, tries - 1), 100);
        if (tries === 100 && target?.closest("#inspector")) castbook.tiles.openSheet(true);
        return;
      }
      const inSheet = document.querySelector("#inspector").contains(target);
      castbook.tiles.openSheet(inSheet);
      target.focus({ preventScroll: true });
      target.scrollIntoView({ block: "nearest" });
    },
    focusComposer() {
      visible(":is(#scene-prompt, #new-name) :is(textarea, input), #scene-choose")?.focus();
    },
    draw(tries = 50) {
      const button = visible("#new-create, #scene-generate");
      // What was filled in is heard a frame later.
      if (button && !button.disabled) return setTimeout(() => button.click(), 150);
      if (tries) setTimeout(() => castbook.draw(tries - 1), 100);
    },
    showRun() {
      document.querySelector("#cast")?.scrollTo({ top: 0 });
    },
  });

  // Keys. Those without Ctrl are for when nobody writes, and can be switched off (WCAG 2.1.4)

  const SWITCH = "castbook-keys";
  Object.assign(castbook, {
    keysAreOn: () => castbook.kept(SWITCH) !== "off",
    switchKeys: (on) => castbook.keep(SWITCH, on ? "on" : "off"),
    /** A letter by where it lies, where the keyboard writes Hangul: ㄴ is S. */
    keyOf({ key, code }) {
      const name = /^[^\x00-\x7f]$/.test(key) && code.startsWith("Key") ? code.at(-1) : key;
      return name.length === 1 ? name.toLowerCase() : name;
    },
  });

  const press = (selector) => visible(selector)?.click();
  const tiles = () => [...document.querySelectorAll("#stream .tile")].filter((each) => each.offsetParent);
  const here = () => tiles().find((each) => each.dataset.image === castbook.tiles.chosen()) ?? tiles()[0];
  const nth = (number) => {
    const next = here()?.closest(".run").querySelectorAll(".tile")[number - 1];
    if (next) castbook.tiles.choose(next);
  };
  const look = () => document.querySelector("#pair figure:last-child .look")?.click();
  const find = () => press("#find");
  const deeds = {
    f: look,
    s: () => press("#inspector .do-save"),
    v: () => press("#inspector .do-variants"),
    Backspace: () => press("#inspector .do-remove"),
    "/": find,
    "?": () => castbook.openDialog("#help-dialog"),
  };
  const arrows = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];

  const isWritten = (target) => target.closest?.("input:not([type=checkbox],[type=radio],[type=range]), textarea, select, [contenteditable]");
  const isMoved = (target) => target.closest?.("[role=slider], [role=tab], [role=listbox], input"); // has arrows of its own

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented || castbook.dialog() || document.querySelector("dialog[open]")) return;
    const { target } = event;
    const key = castbook.keyOf(event);
    const withControl = event.ctrlKey || event.metaKey;
    if (key === "Escape") return escape(event);
    if (withControl && key === "Enter") return act(event, () => press("#new-create:not([disabled]), #scene-generate:not([disabled])"));
    if (withControl && key === "k") return act(event, find);
    if (withControl && key === "z" && !isWritten(target) && visible("#undo-button")) return act(event, () => press("#undo-button"));
    if (withControl || event.altKey || isWritten(target) || !castbook.keysAreOn() || !visible("#stream")) return;
    if (/^[1-8]$/.test(key)) return act(event, () => nth(Number(key)));
    const deed = deeds[key];
    if (deed) return act(event, deed);
    if (arrows.includes(key) && !isMoved(target) && !target.closest(".tile") && here()) act(event, () => castbook.tiles.choose(here()));
  });

  const act = (event, deed) => {
    event.preventDefault();
    deed();
  };
})();
