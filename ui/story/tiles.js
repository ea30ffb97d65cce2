// Pictures as tiles: the stream of runs, the run that is being drawn, the rail of faces, the pair in the inspector.
// Each is drawn from a value of stream.py or run_area.py. What people typed becomes textContent, never HTML.
(() => {
  const el = (tag, given = {}, ...children) => {
    const { data = {}, aria = {}, ...properties } = given;
    const made = Object.assign(document.createElement(tag), properties);
    Object.assign(made.dataset, data);
    for (const [name, value] of Object.entries(aria)) made.setAttribute(`aria-${name}`, value);
    made.append(...children.filter((each) => each !== null && each !== ""));
    return made;
  };
  const img = (src) => el("img", { src, alt: "", loading: "lazy", decoding: "async", draggable: false });

  /** Draws now and whenever the value changes, and keeps the focus where it was. */
  const follow = (element, props, watch, draw) => {
    const drawn = () => {
      const held = element.contains(document.activeElement) ? document.activeElement.dataset.key : null;
      draw(element.firstElementChild, props.value ?? {});
      if (held && !element.contains(document.activeElement))
        element.querySelector(`[data-key="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
    };
    drawn();
    watch("value", drawn);
  };

  // The stream

  let chosen = "";
  const streamed = new Set(); // ids of the pictures that the stream shows
  let streamsStory = ""; // and of which story it is

  const tile = ({ image, src, label, tone, active, name }, words) => {
    const button = el("button", { type: "button", className: "tile", data: { image, key: image }, aria: { label: name } });
    button.append(
      ...[
        src ? img(src) : null,
        label && el("span", { className: `pill ${tone}`, textContent: label }),
        active && el("span", { className: "star", textContent: `★ ${words.active}` }),
      ].filter(Boolean)
    );
    return button;
  };

  const tool = (textContent, deed, image, about) =>
    el("button", { type: "button", className: "tool", textContent, data: { deed, image, key: deed + image }, aria: { label: `${textContent}: ${about}` } });

  const runHead = (run, words) => {
    const about = `${run.who} · ${run.title}`;
    const tools = el("span", { className: "tools" });
    if (run.again) tools.append(tool(words.again, "again", run.request, about));
    if (run.request) tools.append(tool(words.edit, "edit", run.request, about));
    return el(
      "header", {},
      el("h3", {}, el("b", { textContent: run.who }), el("span", { textContent: run.title })),
      el("time", { dateTime: run.at, textContent: ago(run.at, words.now), data: { now: words.now } }),
      tools
    );
  };

  const ago = (moment, now) => {
    const seconds = (new Date(moment) - Date.now()) / 1000;
    const units = [["day", 86400], ["hour", 3600], ["minute", 60]];
    const [unit, length] = units.find(([, each]) => Math.abs(seconds) >= each) ?? [];
    if (!unit) return now;
    return new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" }).format(Math.trunc(seconds / length), unit);
  };
  setInterval(() => {
    for (const time of document.querySelectorAll("#stream time")) time.textContent = ago(time.dateTime, time.dataset.now);
  }, 30000);

  const mark = (image, scroll = true) => {
    chosen = image;
    const tiles = [...document.querySelectorAll("#stream .tile")];
    const stop = tiles.find((each) => each.dataset.image === image) ?? tiles[0];
    for (const each of tiles) {
      each.setAttribute("aria-pressed", String(each.dataset.image === image));
      each.tabIndex = each === stop ? 0 : -1; // one stop for Tab; the arrows go from there
    }
    if (scroll && stop?.dataset.image === image) stop.scrollIntoView({ block: "nearest" });
  };

  const stream = (element, props, watch, trigger) => {
    follow(element, props, watch, (box, { story = "", runs = [], more, words = {}, chosen: looked = "" }) => {
      streamsStory = story;
      const known = new Map([...box.querySelectorAll(".tile")].map((each) => [each.dataset.image, each]));
      streamed.clear();
      const open = new Set([...box.querySelectorAll("details[open]")].map((each) => each.dataset.key));
      const sections = runs.map((run) => {
        const tiles = run.tiles.map((each) => {
          streamed.add(each.image);
          const made = tile(each, words);
          const before = known.get(each.image)?.querySelector("img");
          if (before && before.getAttribute("src") === each.src) made.querySelector("img").replaceWith(before); // no flicker
          return made;
        });
        const isAside = (_, i) => run.tiles[i].aside;
        const kept = tiles.filter((each, i) => !isAside(each, i));
        const aside = tiles.filter(isAside);
        const key = `aside-${run.at}`;
        return el(
          "section", { className: "run" },
          runHead(run, words),
          kept.length ? el("div", { className: "tiles" }, ...kept) : "",
          aside.length
            ? el("details", { open: !kept.length || open.has(key) || run.tiles.some(({ image, aside: is }) => is && image === looked), data: { key } },
                el("summary", { textContent: run.aside }), el("div", { className: "tiles" }, ...aside))
            : ""
        );
      });
      if (more) sections.push(el("button", { type: "button", className: "more", textContent: more, data: { deed: "more", key: "more" } }));
      box.replaceChildren(...sections);
      mark(looked, false);
      drawApart();
      drawLive();
    });
    element.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      const { deed = "select", image } = button.dataset;
      if (deed === "select") {
        mark(image);
        openSheet(true);
      }
      trigger(deed, { image });
    });
    let later;
    window.castbook.tiles.choose = (next) => {
      next.focus();
      mark(next.dataset.image);
      clearTimeout(later);
      later = setTimeout(() => trigger("select", { image: next.dataset.image }), 120); // not for each one passed by
    };
    element.addEventListener("keydown", (event) => {
      const at = event.target.closest(".tile");
      const next = at && neighbour(at, event.key);
      if (!next) return;
      event.preventDefault();
      window.castbook.tiles.choose(next);
    });
  };

  const neighbour = (at, key) => {
    const all = [...document.querySelectorAll("#stream .tile")].filter((each) => each.offsetParent);
    const here = at.getBoundingClientRect();
    const boxes = all.map((each) => [each, each.getBoundingClientRect()]);
    if (key === "ArrowRight" || key === "ArrowLeft") return all[all.indexOf(at) + (key === "ArrowRight" ? 1 : -1)];
    const below = boxes.filter(([, box]) => (key === "ArrowDown" ? box.top > here.bottom - 4 : key === "ArrowUp" && box.bottom < here.top + 4));
    const far = ([, box]) => Math.abs(box.top - here.top) * 4 + Math.abs(box.left - here.left);
    return below.sort((one, other) => far(one) - far(other))[0]?.[0];
  };

  // What is said of a run, below its header: it stands in the stream, and its buttons are another component's

  let drawApart = () => {};
  const apart = (element, props, watch, trigger) => {
    const way = (deed, textContent) => {
      const button = el("button", { type: "button", id: `people-apart-${deed}`, className: "tool", textContent, data: { key: `apart-${deed}` } });
      button.addEventListener("click", (event) => {
        event.stopPropagation();
        trigger(deed, {});
      });
      return button;
    };
    drawApart = () => {
      document.querySelector("#people-apart")?.remove();
      const { image, text, split, leave } = props.value ?? {};
      const run = image && document.querySelector(`#stream .tile[data-image="${CSS.escape(image)}"]`)?.closest(".run");
      run?.querySelector("header").after(el("p", { id: "people-apart" }, text, way("split", split), way("leave", leave)));
    };
    drawApart();
    watch("value", drawApart);
  };

  // The run that is being drawn: its tiles stand where they will stay, and go for good when the stream shows them

  let drawLive = () => {};
  const live = (element, props, watch) => {
    let shown = ""; // the run that the stream has shown: another face brings it back no more, nor does another story
    drawLive = () => {
      const box = element.firstElementChild;
      const { story, who, title, count = 0, tiles = [], fraction = 0, images = [], words = {} } = props.value ?? {};
      const ended = images.length > 0;
      const inStream = images.every((image) => streamed.has(image));
      if (ended && inStream) shown = images.join();
      const isOther = streamsStory && story !== streamsStory;
      const elsewhere = isOther || (ended && images.join() === shown && !inStream);
      document.getElementById("run-report")?.toggleAttribute("hidden", elsewhere);
      if (!count || isOther || (ended && images.join() === shown)) return box.replaceChildren();
      const made = Array.from({ length: ended ? tiles.length : Math.max(count, tiles.length) }, (_, i) => {
        const { src, label, tone } = tiles[i] ?? {};
        const one = el("div", { className: label === undefined ? "tile is-drawn" : "tile" });
        if (src) one.append(img(src));
        if (label) one.append(el("span", { className: `pill ${tone}`, textContent: label }));
        if (label === undefined) one.append(el("i", { className: "bar", style: `width:${Math.round(100 * fraction)}%` }));
        return one;
      });
      const head = el("header", {}, el("h3", {}, el("b", { textContent: who }), el("span", { textContent: title })), el("time", { textContent: words.drawing }));
      box.replaceChildren(el("section", { className: "run" }, head, el("div", { className: "tiles" }, ...made)));
    };
    drawLive();
    watch("value", drawLive);
  };

  // The rail

  const MANY = 12; // faces from which on there is a field to find one
  const rail = (element, props, watch, trigger) => {
    let wanted = "";
    const filter = (box) => {
      for (const face of box.querySelectorAll(".face"))
        face.hidden = !face.dataset.name.toLocaleLowerCase().includes(wanted.toLocaleLowerCase());
    };
    follow(element, props, watch, (box, { faces = [], words = {} }) => {
      const made = faces.map(({ member, name, src, chosen: pressed }) =>
        el(
          "button",
          { type: "button", className: "face", title: name, data: { member, name, key: member }, aria: { pressed: String(pressed) } },
          src ? img(src) : el("i"), el("span", { textContent: name })
        )
      );
      const find = faces.length > MANY && el("input", { type: "search", placeholder: words.find, value: wanted, data: { key: "find" }, aria: { label: words.find } });
      find && find.addEventListener("input", () => ((wanted = find.value), filter(box)));
      box.replaceChildren(...(find ? [find] : []), ...made);
      filter(box);
    });
    element.addEventListener("click", (event) => {
      const face = event.target.closest(".face");
      if (face) trigger("select", { member: face.dataset.member });
    });
  };

  // The inspector

  const pair = (element, props, watch) =>
    follow(element, props, watch, (box, { figures = [], download, name }) => {
      box.replaceChildren(
        ...figures.map(({ src, says, file }, number) =>
          el(
            "figure", {},
            el("a", { href: src, target: "_blank", rel: "noopener", className: "look", data: { key: src } }, el("img", { src, alt: `${name}: ${says}` })),
            el("figcaption", {}, el("span", { textContent: says }), file ? el("a", { href: src, download: `${file}.png`, className: "download", title: download, textContent: "⤓", aria: { label: download } }) : null)
          )
        )
      );
      box.classList.toggle("is-two", figures.length > 1);
    });

  const isPhone = matchMedia("(max-width: 899px)");
  const openSheet = (open) => document.querySelector("#inspector")?.classList.toggle("is-open", open && isPhone.matches);

  window.castbook.tiles = { stream, apart, live, rail, pair, mark, openSheet, chosen: () => chosen, el, follow };
})();
