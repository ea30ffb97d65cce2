// What Gradio lacks: names for a screen reader, drops anywhere, and going to what a click was about.
(() => {
  document.documentElement.lang = navigator.language; // Gradio says none: a screen reader would guess

  window.castbook = {};
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

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

  new MutationObserver(() => {
    nameThumbnails();
    reachHandle();
  }).observe(document.documentElement, { childList: true, subtree: true });

  document.addEventListener("focusout", ({ target }) => target.closest?.("#context") && target.scrollTo(0, 0)); // its beginning

  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  Object.assign(window.castbook, {
    keep(name, value) {
      try {
        localStorage.setItem(name, value);
      } catch {} // full, or not allowed in a frame: nothing is kept, and nothing else fails
    },
    kept(name) {
      try {
        return localStorage.getItem(name);
      } catch {
        return null;
      }
    },
    changeLanguage() {
      const other = navigator.language.startsWith("ko") ? "en" : "ko";
      const inFrames = location.protocol === "https:" ? "SameSite=None; Secure; Partitioned" : "SameSite=Lax";
      document.cookie = `castbook-language=${other}; path=/; max-age=31536000; ${inFrames}`;
      location.reload();
    },
    markContext(context, shown) {
      const bar = document.querySelector("#stories-bar");
      const kept = context.trim() === shown.trim();
      const field = document.querySelector("#context textarea");
      if (field) field.title = context;
      if (bar) bar.dataset.context = !kept ? "unsaved" : shown ? "saved" : "";
    },
    showWhatOneMay(may) {
      document.body.dataset.may = may; // of somebody else's project: sharing.css hides what would be refused
      const field = document.querySelector("#context textarea");
      if (field) field.readOnly = may === "view";
    },
    lookAtContext() {
      const field = document.querySelector("#context textarea");
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
    showPart(part) {
      // Beside each other both are in sight; on a phone the one is far below the other.
      setTimeout(() => {
        const target = document.querySelector(part);
        const { top } = target.getBoundingClientRect();
        if (top < 0 || top > innerHeight / 2) target.scrollIntoView({ behavior: calm ? "auto" : "smooth" });
      }, 150);
    },
  });
})();
