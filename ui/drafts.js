// What is half written is there again after a reload, a closed tab, or a server that was started anew: the texts of the
// forms are kept in this browser as they stand, so that a form which was emptied or sent leaves nothing.
(() => {
  const FIELDS = ["new-", "scene-", "upload-name", "upload-description", "naming-name", "pages-name"]
    .map((form) => `[id^="${form}"] :is(textarea, input[type=text], input:not([type]), input[type=number])`).join();
  const KEY = "castbook-drafts";
  const KEPT = 14 * 24 * 3600 * 1000; // milliseconds
  const EVERY = 1000;

  const idOf = (field) => field.closest("[id]").id;
  // A list's own text is what is searched for in it, and a slider's figure is no text.
  const isText = (field) => !field.closest("[role=listbox], .dropdown, .wrap-inner") && !field.readOnly && field.getAttribute("role") !== "listbox" && !field.closest(".slider_input_container, .slider");
  const fields = () => [...document.querySelectorAll(FIELDS)].filter((field) => isText(field) && field.getAttribute("role") !== "combobox");

  // Asking for a storage is refused in some frames.
  const read = (kind) => {
    try {
      const { at, texts } = JSON.parse(window[kind].getItem(KEY));
      return Date.now() - at < KEPT ? texts : null;
    } catch {
      return null;
    }
  };
  // This tab's own before those of the tab that was closed last.
  const left = new Map(Object.entries(read("sessionStorage") ?? read("localStorage") ?? {}));
  const restored = new WeakSet();
  let stored = "";

  const keep = () => {
    const texts = Object.fromEntries(left); // what was not in sight yet stays
    for (const field of fields()) {
      if (!restored.has(field)) continue;
      if (field.value) texts[idOf(field)] = field.value;
      else delete texts[idOf(field)];
    }
    const now = JSON.stringify(texts);
    if (now === stored) return;
    stored = now;
    for (const kind of ["sessionStorage", "localStorage"])
      try {
        window[kind].setItem(KEY, JSON.stringify({ at: Date.now(), texts }));
      } catch {} // full, or not allowed in a frame: nothing is kept, and nothing else fails
  };

  const restore = (field) => {
    const text = left.get(idOf(field));
    left.delete(idOf(field));
    if (!text || field.value || field === document.activeElement) return;
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };

  // Gradio gives what is shown for the first time its value once more, some frames after it is there.
  const met = new WeakSet();
  const meet = () => {
    for (const field of fields()) {
      if (met.has(field)) continue;
      met.add(field);
      setTimeout(() => {
        restore(field);
        restored.add(field);
      }, 400);
    }
    keep();
  };
  setInterval(meet, EVERY);
  addEventListener("pagehide", keep);
  document.addEventListener("visibilitychange", keep);
})();
