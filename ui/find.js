// The list of what was found: walked by the arrows from the field, opened by Enter or a click. Names become textContent.
(() => {
  const { castbook } = window;
  const { el, follow } = castbook.tiles;
  const options = () => [...document.querySelectorAll("#find-results [role=option]")];
  const field = () => document.querySelector("#find-words :is(input, textarea)");
  let at = 0;

  const mark = (next) => {
    const all = options();
    at = Math.max(0, Math.min(next, all.length - 1));
    all.forEach((each, i) => each.setAttribute("aria-selected", String(i === at)));
    all[at]?.scrollIntoView({ block: "nearest" });
    if (all[at]) field()?.setAttribute("aria-activedescendant", all[at].id);
    else field()?.removeAttribute("aria-activedescendant");
  };

  const open = (option, trigger) => {
    const { kind, id } = option.dataset;
    castbook.closeDialog();
    const press = (selector) => document.querySelector(selector)?.click();
    if (kind === "deed") return setTimeout(press, 60, `#${id}`); // once the dialog has given back the focus
    if (kind !== "face") return trigger(kind === "person" ? "person" : "move", { kind, id });
    document.querySelector("#views [role=tab]")?.click();
    setTimeout(press, 60, `.face[data-member="${CSS.escape(id)}"]:not([aria-pressed=true])`);
  };

  const found = (element, props, watch, trigger) => {
    follow(element, props, watch, (box, { groups = [], nothing = "" }) => {
      let number = 0;
      box.setAttribute("role", "listbox");
      box.id = "find-list";
      box.setAttribute("aria-label", field()?.placeholder ?? "");
      box.replaceChildren(
        ...groups.map(({ label, items }, i) => {
          const heading = el("p", { className: "found-kind", id: `found-kind-${i}`, textContent: label });
          const list = items.map(({ kind, id, says, about, src }) =>
            el("div", { id: `found-${number++}`, className: "found", role: "option", data: { kind, id } },
              src ? el("img", { src, alt: "", width: 34, height: 34 }) : el("i", { className: `kind-${kind}` }),
              el("span", { textContent: says }), about ? el("small", { textContent: about }) : null));
          const group = el("div", { role: "group" }, heading, ...list);
          group.setAttribute("aria-labelledby", heading.id);
          return group;
        })
      );
      if (!groups.length && nothing) box.append(el("p", { className: "found-kind", textContent: nothing }));
      mark(0);
    });
    element.addEventListener("click", ({ target }) => {
      const option = target.closest("[role=option]");
      if (option) open(option, trigger);
    });
    document.addEventListener("keydown", (event) => {
      if (event.target !== field() || event.isComposing) return;
      const steps = { ArrowDown: 1, ArrowUp: -1 };
      if (event.key in steps) mark(at + steps[event.key]);
      else if (event.key === "Enter" && options()[at]) open(options()[at], trigger);
      else return;
      event.preventDefault();
      event.stopPropagation();
    }, true);
  };

  castbook.tiles.found = found;
  castbook.openFind = () => {
    castbook.openDialog("#find-dialog");
    const focus = (tries) => {
      const input = field();
      if (!input?.offsetParent) return tries && setTimeout(focus, 40, tries - 1);
      for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "true", "aria-controls": "find-list", "aria-autocomplete": "list" }))
        input.setAttribute(name, value);
      input.focus();
      input.select();
    };
    focus(50);
  };
})();
