// The words help while one types: underlines in the line itself, words that can be drawn instead, popovers with a picture
// for each word. The field's text is never touched here: a mirror of it lies over the field, seen by nothing but the eye,
// so that input methods compose undisturbed. What is chosen is written by the server, whose parser knows where.
(() => {
  const { castbook } = window;
  const { el, follow } = castbook.tiles;
  const RESTS = 700; // milliseconds after which the word at the caret is looked at, too

  // The mirror

  const STYLES = [
    "fontFamily", "fontSize", "fontWeight", "fontStyle", "lineHeight", "letterSpacing", "wordSpacing", "textIndent", "textAlign",
    "paddingTop", "paddingRight", "paddingBottom", "paddingLeft", "whiteSpace", "wordBreak", "direction",
  ];
  const mirrors = new WeakMap(); // by field

  const mirrorOf = (field) => {
    if (mirrors.get(field)?.isConnected) return mirrors.get(field);
    const mirror = el("div", { className: "mirror", aria: { hidden: "true" } });
    mirrors.set(field, mirror);
    field.after(mirror);
    const place = () => {
      const style = getComputedStyle(field);
      for (const each of STYLES) mirror.style[each] = style[each];
      Object.assign(mirror.style, {
        left: `${field.offsetLeft + field.clientLeft}px`, top: `${field.offsetTop + field.clientTop}px`,
        width: `${field.clientWidth}px`, height: `${field.clientHeight}px`,
      });
      follow();
    };
    const follow = () => mirror.scrollTo(field.scrollLeft, field.scrollTop);
    place();
    new ResizeObserver(place).observe(field);
    field.addEventListener("scroll", follow, { passive: true });
    return mirror;
  };

  /** What was read of a text stays with its words while the text is changed elsewhere, until that is read, too. */
  const shifted = ({ text: before, marks }, now) => {
    let start = 0;
    while (start < before.length && before[start] === now[start]) start++;
    let end = 0;
    while (end < Math.min(before.length, now.length) - start && before.at(-1 - end) === now.at(-1 - end)) end++;
    return marks
      .filter(([from, to]) => to <= start || from >= before.length - end)
      .map(([from, to, kind]) => (to <= start ? [from, to, kind] : [from + now.length - before.length, to + now.length - before.length, kind]));
  };

  const read = new Map(); // by the field's id: what the server made of its text
  let typedAt = 0;

  const fieldOf = (id) => document.querySelector(`#${id} textarea`);

  const paint = (id) => {
    const field = fieldOf(id);
    const said = read.get(id);
    if (!field || !said?.marks) return;
    const text = field.value;
    const isTyped = field === document.activeElement && performance.now() - typedAt < RESTS;
    const parts = [];
    let at = 0;
    for (const [from, to, kind] of shifted(said, text)) {
      if (from < at || (isTyped && to === field.selectionStart)) continue;
      parts.push(text.slice(at, from), el("mark", { className: kind, textContent: text.slice(from, to) }));
      at = to;
    }
    const mirror = mirrorOf(field);
    mirror.replaceChildren(...parts, text.slice(at), "\u200b"); // a last line that is empty has its height, too
    mirror.scrollTo(field.scrollLeft, field.scrollTop);
  };

  let rested;
  document.addEventListener("input", ({ target }) => {
    const id = target.closest?.("[id]")?.id;
    if (!read.has(id)) return;
    typedAt = performance.now();
    paint(id);
    clearTimeout(rested);
    rested = setTimeout(paint, RESTS + 20, id);
  });
  document.addEventListener("focusin", ({ target }) => {
    const id = target.closest?.("[id]")?.id;
    if (read.has(id)) paint(id); // it may have been mounted anew
  });

  // A profile's words are no text: those that cannot be drawn are marked as a whole
  const markTokens = (id, unknown) => {
    for (const token of document.getElementById(id)?.closest("#save-form, .tabitem")?.querySelectorAll(".choices .token") ?? []) {
      const said = token.textContent.trim().toLowerCase();
      token.classList.toggle("is-unknown", unknown.some((word) => said.split(/[\s,]+/).includes(word)));
    }
  };

  const words = (element, props, watch, trigger) => {
    follow(element, props, watch, (box, said) => {
      const { field, offers = [], chosen = {}, unknown = [] } = said;
      read.set(field, { ...said, marks: said.marks ?? [], text: said.text ?? "" });
      box.replaceChildren(
        ...offers.map(({ word, phrases }) =>
          el("span", { className: "offer" }, el("b", { textContent: word }), ...phrases.map(({ phrase, says, label }) =>
            el("button", { type: "button", textContent: says, data: { word, phrase, key: word + phrase }, aria: { label } })))
        )
      );
      paint(field);
      setTimeout(paint, 60, field); // once the field has got the text, where both came at once
      markTokens(field, unknown);
      showChosen(field, chosen);
    });
    element.addEventListener("click", ({ target }) => {
      const { word, phrase } = target.closest("button")?.dataset ?? {};
      if (!phrase) return;
      fieldOf(props.value.field)?.focus({ preventScroll: true });
      trigger("write", { word, phrase });
    });
  };

  // Popovers

  const popovers = (element, props, watch, trigger) => {
    follow(element, props, watch, (box, { field, groups = [] }) => {
      box.dataset.field = field;
      box.replaceChildren(...groups.map((each) => chip(each, field, trigger)));
      showChosen(field, read.get(field)?.chosen ?? {});
    });
  };

  const chip = ({ group, label, several, phrases }, field, trigger) => {
    const sheet = el("div", { className: "palette", hidden: true, id: `${field}-${group.replace(/\W+/g, "-")}` });
    const head = el("button", { type: "button", data: { group, label, key: group }, aria: { expanded: "false", controls: sheet.id } }, el("span", { textContent: label }));
    const open = (is) => {
      sheet.hidden = !is;
      head.classList.toggle("open", is);
      head.setAttribute("aria-expanded", String(is));
    };
    head.addEventListener("click", () => {
      if (sheet.hidden && !sheet.children.length) {
        sheet.append(...phrases.map(word)); // its pictures are fetched when they are wanted
        showChosen(field, read.get(field)?.chosen ?? {});
      }
      open(sheet.hidden);
    });
    sheet.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (!button) return;
      const isTaken = button.getAttribute("aria-pressed") !== "true";
      trigger("choose", { group, phrase: button.dataset.phrase });
      if (!isTaken || several) return;
      open(false);
      head.focus();
    });
    return el("div", { className: "chip" }, head, sheet);
  };

  const word = ({ phrase, says, src }) =>
    el("button", { type: "button", className: "word", data: { phrase, key: phrase }, aria: { pressed: "false" } },
      src ? el("img", { src, alt: "", decoding: "async", draggable: false, width: 76, height: 76 }) : null, el("span", { textContent: says }));

  const showChosen = (field, chosen) => {
    for (const head of document.querySelectorAll(`[data-field="${field}"] > .chip > button`)) {
      const { group, label } = head.dataset;
      const theirs = chosen[group] ?? [];
      const said = theirs.map(([, called]) => called).join(", ");
      head.classList.toggle("is-chosen", Boolean(said));
      head.firstElementChild.textContent = said || label;
      head.setAttribute("aria-label", said ? `${label}: ${said}` : label);
      for (const button of head.nextElementSibling.children)
        button.setAttribute("aria-pressed", String(theirs.some(([phrase]) => phrase === button.dataset.phrase)));
    }
  };

  Object.assign(castbook.tiles, { words, popovers });
})();
