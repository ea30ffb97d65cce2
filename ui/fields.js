// What is wrong with a field is said at the field, until it is mended. A handler's refusal comes as a toast (messages.py):
// of its problems those that name a field (`at-name`) go from there to the nearest one so called, seen from the button
// that was pressed; what has no field stays a toast.
(() => {
  // The button, the field whose Enter it was, or that a file was given to; and all around it, from the inside out, for
  // Gradio takes a file's field away while it is read.
  let pressed = [];
  const remember = ({ target }) => {
    pressed = [];
    for (let each = target; each && each !== document.documentElement; each = each.parentElement) pressed.push(each);
  };
  document.addEventListener("click", (event) => event.target.closest?.("button") && remember(event), true);
  document.addEventListener("keydown", (event) => event.key === "Enter" && remember(event), true);

  for (const event of ["change", "drop"]) // a file was given
    document.addEventListener(event, (given) => (given.target.type === "file" || event === "drop") && remember(given), true);

  const control = (block) => {
    const all = [...block.querySelectorAll("textarea, input:not([type=hidden]), button")];
    return all.find((each) => each.offsetParent) ?? all[0];
  };
  /** Nothing in a file's field, which Gradio empties of what was refused. */
  const written = (block) => {
    const field = control(block);
    return field?.matches("textarea, input:not([type=file])") ? field.value : undefined;
  };
  const isThere = (block) => block && (block.offsetParent || block.closest(".composer-line")?.offsetParent);

  /** The field, and the part of the page in which it and what was pressed both stand. */
  const nearest = (name) => {
    for (const around of pressed.filter((each) => each.isConnected)) {
      const found = [...around.querySelectorAll(`[id$="-${CSS.escape(name)}"]`)].find(isThere);
      if (found) return [found, around];
    }
    return [];
  };

  const told = new Map(); // by field: what it said then, and the part of the page
  const mend = (block) => {
    const said = block && document.getElementById(`${block.id}-problem`);
    told.delete(block);
    if (!said) return;
    said.remove();
    const field = control(block);
    field?.removeAttribute("aria-invalid");
    const others = (field?.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== said.id);
    if (others.length) field.setAttribute("aria-describedby", others.join(" "));
    else field?.removeAttribute("aria-describedby");
    block.classList.remove("is-wrong");
  };

  const tell = (block, around, problem) => {
    mend(block);
    told.set(block, { value: written(block), around });
    const said = Object.assign(document.createElement("p"), { id: `${block.id}-problem`, className: "problem" });
    said.setAttribute("role", "alert");
    said.append(problem.firstChild.textContent, " ", problem.lastChild.textContent);
    const isButton = block.matches("button");
    if (isButton || block.closest(".composer-line")) {
      let above = block.closest(".composer-line, .row") ?? block;
      while (above.nextElementSibling?.matches(".problem")) above = above.nextElementSibling;
      above.after(said);
    } else block.append(said);
    const field = isButton ? block : control(block);
    block.classList.add("is-wrong");
    if (!field) return null;
    if (!field.matches("button")) field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", [field.getAttribute("aria-describedby"), said.id].filter(Boolean).join(" "));
    return field;
  };

  const take = (toast) => {
    let first = null;
    for (const problem of toast.querySelectorAll("p[class^='at-']")) {
      const [block, around] = nearest(problem.className.slice(3));
      if (!block) continue;
      const field = tell(block, around, problem);
      first ??= field;
      const item = problem.closest(".toast-message-item");
      problem.remove();
      if (!item.textContent.trim()) item.hidden = true;
    }
    if (!first) return;
    if (!toast.querySelector(".toast-message-item:not([hidden])")) toast.querySelector(".toast-close")?.click();
    first.focus();
  };

  new MutationObserver(() => {
    for (const toast of document.querySelectorAll(".toast-body:has(p[class^='at-'])")) take(toast);
  }).observe(document.documentElement, { childList: true, subtree: true });

  // Mended is what is changed, by whomever; and a form that is sent once more begins anew.
  const changed = ({ target }) => mend(target.closest?.(".is-wrong"));
  for (const event of ["input", "change", "drop"]) document.addEventListener(event, changed, true);
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("button, .token, li");
    for (const [block, { around }] of button ? told : []) if (around.contains(button) && !around.matches("body")) mend(block);
  }, true);
  setInterval(() => {
    for (const [block, { value }] of told) if (!block.isConnected || written(block) !== value) mend(block);
  }, 400);
})();
