// Pictures as large as the screen allows: one, two beside each other, or one over the other with a divider. A native
// dialog, so that the focus stays in it and goes back where it was. `castbook.lightbox.open(ids, at)` opens it, and so
// does a click on a link to a picture (`a.look`) with the pictures that stand around it (`[data-image]`).
(() => {
  const el = (tag, given = {}, ...children) => {
    const { aria = {}, ...properties } = given;
    const made = Object.assign(document.createElement(tag), properties);
    for (const [name, value] of Object.entries(aria)) made.setAttribute(`aria-${name}`, value);
    made.append(...children.filter(Boolean));
    return made;
  };
  const MODES = ["alone", "beside", "over"];
  const FARTHEST = 8; // times the size that fits
  let ask = () => {};
  let shown = { pictures: [], words: {} };
  let at = 0;
  let mode = "alone";
  let zoom = 1;
  let moved = [0, 0]; // pixels, of a picture that is larger than its place
  let divided = 50; // per cent that the first of two shows
  const picked = new Set();

  const dialog = el("dialog", { id: "lightbox-dialog" });
  const current = () => shown.pictures[at];

  /** The two that are compared: those picked first, else the picture's own reference, else the one before it. */
  const pair = () => {
    const [one, other] = [...picked].map((id) => shown.pictures.find((each) => each.image === id)).filter(Boolean);
    if (one && other) return [one, other];
    if (one && one !== current()) return [one, current()];
    const { reference } = current();
    const before = { src: reference, name: shown.words.reference, says: "", tone: "" };
    return reference ? [before, current()] : [shown.pictures[at ? at - 1 : shown.pictures.length - 1], current()];
  };

  const figure = (picture, given = {}) => {
    const image = el("img", { src: picture.src, alt: picture.name, draggable: false });
    image.addEventListener("load", place);
    return el("figure", given, el("div", { className: "frame" }, image), caption(picture));
  };
  const caption = ({ name, says, tone }) =>
    el("figcaption", {}, el("b", { textContent: name }), says && el("span", { className: `pill ${tone}`, textContent: says }));

  const over = ([one, other]) => {
    const range = el("input", { type: "range", min: 0, max: 100, value: divided, aria: { label: shown.words.divider } });
    range.addEventListener("input", () => {
      divided = Number(range.value);
      place();
    });
    const front = el("img", { src: one.src, alt: one.name, className: "front", draggable: false });
    const back = el("img", { src: other.src, alt: other.name, draggable: false });
    for (const each of [front, back]) each.addEventListener("load", place);
    return el("figure", { className: "is-over" }, el("div", { className: "frame" }, back, front, el("i", { className: "divider" })), range,
      el("figcaption", {}, el("b", { textContent: one.name }), el("b", { textContent: other.name })));
  };

  /** As large as fits, times the zoom; what is larger than its pixels is sharpened by as much as it was stretched. */
  const place = () => {
    dialog.classList.toggle("is-narrow", innerWidth < 700);
    for (const frame of dialog.querySelectorAll(".frame")) {
      const { clientWidth: width, clientHeight: height } = frame;
      for (const image of frame.querySelectorAll("img")) {
        if (!image.naturalWidth) continue;
        const scale = Math.min(width / image.naturalWidth, height / image.naturalHeight) * zoom;
        const [across, down] = [image.naturalWidth * scale, image.naturalHeight * scale];
        const within = (by, size, room) => Math.max(-Math.max(0, size - room) / 2, Math.min(Math.max(0, size - room) / 2, by));
        moved = [within(moved[0], across, width), within(moved[1], down, height)];
        const left = (width - across) / 2 + moved[0];
        Object.assign(image.style, { width: `${across}px`, height: `${down}px`, left: `${left}px`, top: `${(height - down) / 2 + moved[1]}px` });
        image.style.filter = scale > 1.2 ? `url(#lightbox-sharp)` : "";
        dialog.querySelector("feGaussianBlur")?.setAttribute("stdDeviation", (scale * devicePixelRatio * 0.4).toFixed(2));
        if (image.className === "front") image.style.clipPath = `inset(0 ${100 - divided}% 0 0)`;
        const divider = frame.querySelector(".divider");
        if (divider) divider.style.left = `${left + (across * divided) / 100}px`;
      }
    }
  };

  const button = (text, deed, given = {}) => {
    const made = el("button", { type: "button", textContent: text, ...given });
    made.addEventListener("click", deed);
    made.dataset.key = given.className ?? text;
    return made;
  };

  const SHARP = `<svg width="0" height="0" aria-hidden="true"><filter id="lightbox-sharp" x="0" y="0" width="1" height="1">
    <feGaussianBlur in="SourceGraphic" stdDeviation="1" edgeMode="duplicate" result="soft"/>
    <feComposite in="SourceGraphic" in2="soft" operator="arithmetic" k2="1.9" k3="-0.9"/></filter></svg>`;

  const draw = () => {
    const { words, pictures } = shown;
    const picture = current();
    if (!picture) return close();
    const held = dialog.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const isPicked = picked.has(picture.image);
    const stage = el("div", { className: `stage is-${mode}` });
    stage.append(...(mode === "alone" ? [figure(picture)] : mode === "beside" ? pair().map((each) => figure(each)) : [over(pair())]));
    const sharp = el("div", { innerHTML: SHARP, hidden: false, className: "filters" });
    const modes = MODES.map((each) => button(words[each], () => turn(each), { className: `mode-${each}`, aria: { pressed: String(each === mode) } }));
    const bar = el("header", {},
      el("h2", { id: "lightbox-title", textContent: words.title, className: "unseen" }),
      el("span", { className: "count", textContent: `${at + 1} / ${pictures.length}` }),
      el("span", { className: "group" }, ...modes),
      el("span", { className: "group" },
        button("−", () => zoomTo(zoom / 1.5), { className: "smaller", aria: { label: words.smaller } }),
        button("+", () => zoomTo(zoom * 1.5), { className: "larger", aria: { label: words.larger } })),
      button(isPicked ? `✓ ${words.picked} (${picked.size})` : words.pick, pick, { className: "pick", aria: { pressed: String(isPicked) } }),
      button(picked.size > 1 ? `${words.download} (${picked.size})` : words.download, download, { className: "download" }),
      button("✕", close, { className: "close", aria: { label: words.close } }));
    const strip = el("nav", { className: "thumbs" }, ...pictures.map((each, number) => {
      const thumb = button("", () => go(number), { className: "thumb", aria: { label: `${number + 1}, ${each.name}`, pressed: String(number === at) } });
      thumb.dataset.key = each.image;
      thumb.dataset.picked = picked.has(each.image) ? "yes" : "";
      thumb.append(el("img", { src: each.small, alt: "", loading: "lazy" }));
      return thumb;
    }));
    const sides = [
      button("‹", () => go(at - 1), { className: "side previous", aria: { label: words.previous } }),
      button("›", () => go(at + 1), { className: "side next", aria: { label: words.next } }),
    ];
    dialog.replaceChildren(sharp, bar, stage, ...sides, strip, el("p", { className: "keys", textContent: words.keys }));
    dialog.setAttribute("aria-labelledby", "lightbox-title");
    strip.children[at]?.scrollIntoView({ block: "nearest", inline: "center" });
    const focused = held && dialog.querySelector(`[data-key="${CSS.escape(held)}"]`);
    (focused || dialog.querySelector(".next")).focus({ preventScroll: true });
    place();
  };

  const go = (number) => {
    const count = shown.pictures.length;
    at = (number + count) % count;
    moved = [0, 0];
    draw();
  };
  const turn = (next) => {
    mode = next;
    draw();
  };
  const zoomTo = (next) => {
    zoom = Math.max(1, Math.min(FARTHEST, next));
    place();
  };
  const pick = () => {
    const { image } = current();
    if (!picked.delete(image)) picked.add(image);
    draw();
  };
  const download = () => {
    const chosen = shown.pictures.filter((each) => picked.has(each.image));
    for (const [number, each] of (chosen.length ? chosen : [current()]).entries()) {
      const link = el("a", { href: each.src, download: `${each.name}${number ? ` ${number + 1}` : ""}.png` });
      setTimeout(() => link.click(), number * 300); // a browser swallows those that come at once
    }
  };
  const close = () => dialog.close();

  const deeds = {
    ArrowRight: () => go(at + 1),
    ArrowLeft: () => go(at - 1),
    Home: () => go(0),
    End: () => go(shown.pictures.length - 1),
    c: () => turn(MODES[(MODES.indexOf(mode) + 1) % MODES.length]),
    " ": pick,
    "+": () => zoomTo(zoom * 1.5),
    "=": () => zoomTo(zoom * 1.5),
    "-": () => zoomTo(zoom / 1.5),
    0: () => zoomTo(1),
    d: download,
    f: close,
  };
  dialog.addEventListener("keydown", (event) => {
    event.stopPropagation(); // the page's own keys are for what lies behind
    const onControl = event.target.matches("input") || (event.key === " " && event.target.matches("button:not(.side)"));
    const deed = deeds[castbook.keyOf(event)];
    if (!deed || onControl || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    deed();
  });
  dialog.addEventListener("wheel", (event) => {
    if (!event.target.closest(".stage")) return;
    event.preventDefault();
    zoomTo(zoom * (event.deltaY < 0 ? 1.15 : 1 / 1.15));
  }, { passive: false });
  dialog.addEventListener("pointerdown", (event) => {
    if (!event.target.closest(".frame")) return;
    const [x, y] = [event.clientX - moved[0], event.clientY - moved[1]];
    const move = (to) => {
      moved = [to.clientX - x, to.clientY - y];
      place();
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", () => removeEventListener("pointermove", move), { once: true });
  });
  dialog.addEventListener("close", () => picked.clear());
  addEventListener("resize", () => dialog.open && place());

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a.look");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const images = [...new Set([...document.querySelectorAll("#stream [data-image].tile")].filter((each) => each.offsetParent).map((each) => each.dataset.image))];
    const chosen = document.querySelector("#stream .tile[aria-pressed=true]")?.dataset.image;
    if (!chosen) return;
    event.preventDefault();
    ask("ask", { images, at: chosen });
  });

  window.castbook.lightbox = {
    bind(element, props, watch, trigger) {
      ask = trigger;
      watch("value", () => {
        const { pictures = [], at: first, words } = props.value ?? {};
        if (!pictures.length) return;
        shown = { pictures, words };
        at = Math.max(0, pictures.findIndex(({ image }) => image === first));
        [zoom, moved, mode] = [1, [0, 0], "alone"];
        if (!dialog.isConnected) document.body.append(dialog);
        if (!dialog.open) dialog.showModal();
        draw();
      });
    },
    open: (images, first) => ask("ask", { images, at: first }),
  };
})();
