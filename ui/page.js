// What Gradio lacks: a dialog that behaves like one, and scrolling to what a click was about.
(() => {
  document.documentElement.lang = navigator.language; // Gradio says none: a screen reader would guess

  let opener = null;
  const popup = () => document.querySelector(".popup");
  const focusable = (box) =>
    [...box.querySelectorAll("button:not([disabled]),input,textarea,[tabindex]:not([tabindex='-1'])")].filter(
      (each) => each.offsetParent
    );

  // Safari does not focus a clicked button, so the opener is remembered from the click itself.
  document.addEventListener("click", (event) => {
    if (!popup()) opener = event.target.closest("button") ?? opener;
    else if (event.target.classList.contains("popup")) close();
  }, true);

  const close = () => document.querySelector("#library-close")?.click();

  const present = (box) => {
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-modal", "true");
    box.setAttribute("aria-labelledby", "library-title");
    document.body.style.overflow = "hidden";
    // The contents are mounted after the box: try for a second.
    const focus = (tries) => {
      if (box.contains(document.activeElement)) return;
      const search = box.querySelector("#library-search input, #library-search textarea");
      if (search) search.focus();
      else if (tries) setTimeout(() => focus(tries - 1), 40);
    };
    focus(250);
  };

  new MutationObserver(() => {
    const box = popup();
    if (box && !box.dataset.presented) {
      box.dataset.presented = "yes";
      present(box);
    } else if (!box && document.body.style.overflow === "hidden") {
      document.body.style.overflow = "";
      opener?.focus?.();
    }
    nameThumbnails();
    reachHandle();
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
    const inOpenList = document.activeElement?.getAttribute("aria-expanded") === "true";
    if (event.key === "Escape" && !inOpenList) close();
    else if (event.key === "Tab") keepInside(event, box);
    else if (event.key in step) walkPictures(event, box);
  }, true);

  // Gradio calls every picture "Thumbnail 1 of 5"; a screen reader shall say the caption.
  const nameThumbnails = () => {
    for (const picture of document.querySelectorAll(":is(.people, .strip) .thumbnail-item")) {
      const caption = picture.querySelector(".caption-label");
      if (!caption) continue;
      caption.id ||= `caption-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
      if (picture.getAttribute("aria-labelledby") !== caption.id) picture.setAttribute("aria-labelledby", caption.id);
    }
    // A picture that is only looked at is a button without a name, too: it gets its person's, and no stop for Tab.
    for (const picture of document.querySelectorAll(".image-container > button")) {
      const name = picture.closest(".card, .who")?.querySelector("h3")?.textContent.trim();
      if (!name || picture.getAttribute("aria-label") === name) continue;
      picture.setAttribute("aria-label", name);
      picture.tabIndex = -1;
    }
  };

  // Gradio's image slider moves by mouse and touch alone: here the arrow keys drag its handle as a mouse would.
  const reachHandle = () => {
    for (const handle of document.querySelectorAll(".comparison [data-testid=slider]:not([tabindex])")) {
      const ends = handle.closest(".comparison").querySelectorAll(".ends p");
      if (ends.length < 2) continue; // not mounted yet
      const says = { role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 50 };
      says["aria-label"] = [...ends].map((each) => each.innerText.trim()).join(", ");
      for (const [name, value] of Object.entries(says)) handle.setAttribute(name, value);
      handle.addEventListener("keydown", dragByKey);
    }
  };

  const dragByKey = (event) => {
    if (!(event.key in step)) return;
    event.preventDefault();
    const handle = event.currentTarget;
    const { left, width } = handle.getBoundingClientRect();
    const whole = handle.parentElement.getBoundingClientRect();
    const at = left + width / 2;
    const to = Math.min(whole.right, Math.max(whole.left, at + (step[event.key] * whole.width) / 20));
    const mouse = (type, target, clientX) =>
      target.dispatchEvent(new MouseEvent(type, { view: window, bubbles: true, cancelable: true, clientX }));
    mouse("mousedown", handle, at);
    mouse("mousemove", window, to);
    mouse("mouseup", window, to);
    handle.setAttribute("aria-valuenow", Math.round((100 * (to - whole.left)) / whole.width));
  };

  // A picture dropped anywhere fills the form with its request; a browser left alone would leave the page and show the file.
  // Gradio's own fields have taken their drops before these come here.
  const isFile = (event) => event.dataTransfer?.types.includes("Files") && !event.defaultPrevented;
  document.addEventListener("dragover", (event) => isFile(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    const picture = [...event.dataTransfer.files].find((file) => file.type.startsWith("image/"));
    const field = document.querySelector("#read-request input[type=file]");
    if (!picture || !field) return;
    const dropped = new DataTransfer();
    dropped.items.add(picture);
    field.files = dropped.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });

  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  // What an element scrolls in: on a wide window cast and desk do for themselves, on a phone the whole page.
  const scrollerOf = (element) => {
    const parent = element.parentElement;
    if (!parent) return { top: 0, bottom: innerHeight };
    return /auto|scroll/.test(getComputedStyle(parent).overflowY) ? parent.getBoundingClientRect() : scrollerOf(parent);
  };
  const scrollTo = (target) => {
    const { top, bottom } = target.getBoundingClientRect();
    const seen = scrollerOf(target);
    if (top < seen.top || bottom > seen.bottom)
      target.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  };

  window.castbook = {
    changeLanguage() {
      const other = navigator.language.startsWith("ko") ? "en" : "ko";
      const inFrames = location.protocol === "https:" ? "SameSite=None; Secure" : "SameSite=Lax";
      document.cookie = `castbook-language=${other}; path=/; max-age=31536000; ${inFrames}`;
      location.reload();
    },
    markContext(context, shown) {
      const bar = document.querySelector("#stories-bar");
      const kept = context.trim() === shown.trim();
      if (bar) bar.dataset.context = !kept ? "unsaved" : shown ? "saved" : "";
    },
    lookAtContext() {
      const field = document.querySelector("#context textarea");
      scrollTo(document.querySelector("#place"));
      field?.focus();
      field?.blur(); // which compares it with the library's
    },
    forgetLink() {
      const here = new URL(location);
      ["story", "character"].forEach((name) => here.searchParams.delete(name));
      history.replaceState(history.state, "", here);
    },
    async copyLink(name, id) {
      const link = `${location.origin}${location.pathname}?${name}=${encodeURIComponent(id)}`;
      if (navigator.clipboard) return void (await navigator.clipboard.writeText(link));
      prompt("", link); // a page served without https may not write to the clipboard
    },
    showDesk(field, tries = 100) {
      const target = document.querySelector(`${field} textarea, ${field} input`);
      if (popup() || !target?.offsetParent) {
        // a tab is being turned, or the popup still holds the focus
        if (tries) setTimeout(() => window.castbook.showDesk(field, tries - 1), 100);
        return;
      }
      target.closest("#save-form, .tabs").scrollIntoView(); // the form from its beginning
      target.focus({ preventScroll: true });
      target.scrollIntoView({ block: "nearest" }); // and a field far down in it
    },
    showPart(part) {
      // Beside each other both are in sight; on a phone the one is far below the other.
      setTimeout(() => {
        const target = document.querySelector(part);
        const { top } = target.getBoundingClientRect();
        if (top < 0 || top > innerHeight / 2) target.scrollIntoView({ behavior: calm ? "auto" : "smooth" });
      }, 150);
    },
    showRun(tries = 100) {
      const run = document.querySelector("#run");
      if (!run?.offsetHeight) return tries && setTimeout(() => window.castbook.showRun(tries - 1), 100);
      // To the top, so that there is room below for the previews and the report.
      run.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
    },
    showCard(id, tries = 100) {
      if (!id) return;
      const card = document.getElementById(`card-${id}`);
      if (!card) return tries && setTimeout(() => window.castbook.showCard(id, tries - 1), 100);
      scrollTo(card);
      card.classList.add("is-new");
      setTimeout(() => card.classList.remove("is-new"), 2500);
    },
  };
})();
