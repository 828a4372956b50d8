// The moving parts of the desk: what is new, the saved draft, the sound. Forms and links work
// without it; htmx carries the fragments.
"use strict";
(() => {
  const body = document.body;
  const base = body.dataset.base;
  const $ = (selector) => document.querySelector(selector);

  // --- messages -------------------------------------------------------------------------------
  let flashTimer = 0;

  function flash(text, problem) {
    const box = $("#flash");
    clearTimeout(flashTimer);
    box.setAttribute("role", problem ? "alert" : "status");
    box.classList.toggle("problem", Boolean(problem));
    box.replaceChildren();
    if (!text) return;
    const words = document.createElement("span");
    words.textContent = text;
    const shut = document.createElement("button");
    shut.type = "button";
    shut.textContent = "Đóng";
    shut.addEventListener("click", () => flash(""));
    box.append(words, shut);
    if (!problem) flashTimer = setTimeout(() => flash(""), 6000);
  }
  const shown = $("#flash span");
  if (shown) flash(shown.textContent, $("#flash").classList.contains("problem")); // with a way to shut it
  document.addEventListener("tram:flash", (event) => flash(event.detail.text, event.detail.problem));
  document.addEventListener("htmx:error", (event) => {
    // A fragment fetched by the page itself is simply fetched again later.
    if (event.detail.ctx?.request?.method === "POST") {
      flash("Chưa gửi được: mất kết nối. Chữ bạn viết còn nguyên, hãy bấm lại.", true);
    }
  });

  // --- what is new ----------------------------------------------------------------------------
  let last = Number(body.dataset.newest);
  let ended = false;

  function refresh(element, more) {
    if (!element?.dataset.live || ended) return;
    const address = new URL(element.dataset.live, location.href);
    if (more) address.searchParams.set(more, "true");
    htmx.ajax("GET", address.pathname + address.search, {
      source: element, target: element, swap: "outerMorph",
    });
  }
  const refreshQueue = () => refresh($("#queue"));
  const refreshWork = () => refresh($("#work"), document.hidden ? "" : "visible");

  function told(event) {
    const { cases, forMe } = JSON.parse(event.data);
    last = Number(event.lastEventId);
    refreshQueue();
    if (cases.includes($("#work").dataset.case)) refreshWork();
    if (forMe) {
      $("#announce").textContent = "";
      setTimeout(() => { $("#announce").textContent = "Có yêu cầu hoặc tin nhắn mới."; }, 100);
      beep();
    }
  }

  function listen() {
    if (ended) return;
    const source = new EventSource(`${base}/events?after=${last}`);
    source.addEventListener("open", () => line(true));
    source.addEventListener("changed", told);
    source.addEventListener("ended", () => { source.close(); end(); });
    source.addEventListener("error", () => {
      line(false);
      if (source.readyState !== EventSource.CLOSED) return; // it comes back by itself
      setTimeout(async () => { if (await here()) listen(); }, 2000);
    });
  }

  function line(live) {
    const state = $("#line");
    if (!state) return;
    const text = live ? "Trực tiếp" : "Mất kết nối, đang nối lại…";
    if (state.textContent !== text) state.textContent = text;
    state.classList.toggle("live", live);
  }

  function title() {
    if (!$("#desk")) return;
    const unread = Number($("#queue")?.dataset.unread ?? 0);
    document.title = (unread ? `(${unread}) ` : "") + $("#desk").dataset.title;
  }

  let pendingTimer = 0;
  document.addEventListener("htmx:after:swap", () => {
    title();
    clearTimeout(pendingTimer);
    if ("pending" in ($("#work")?.dataset ?? {})) pendingTimer = setTimeout(refreshWork, 2000);
  });
  setInterval(refreshQueue, 60_000); // "12 phút" grows
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    refreshQueue();
    refreshWork();
  });

  // --- the session ----------------------------------------------------------------------------
  let noticed = Date.now();

  /** Tell the server that somebody is here; true unless the session is over. */
  async function here() {
    try {
      const answer = await fetch(`${base}/here`, { method: "POST", headers: { "HX-Request": "true" } });
      if (answer.status === 401) { end(); return false; }
    } catch { /* offline: the stream keeps trying */ }
    return true;
  }
  for (const act of ["pointerdown", "keydown", "wheel", "touchmove"]) {
    document.addEventListener(act, () => {
      if (ended || Date.now() - noticed < 60_000) return;
      noticed = Date.now();
      here();
    }, { passive: true });
  }

  function unsaved() {
    return [...document.querySelectorAll("form[data-dirty]")].some((form) => !form.text || form.text.value.trim());
  }

  function end() {
    if (ended) return;
    ended = true;
    if (unsaved()) {
      line(false);
      flash("Phiên làm việc đã hết. Chữ bạn viết còn nguyên ở đây: đăng nhập ở thẻ mới, rồi chép sang.", true);
      return;
    }
    location.assign(`${base}/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  document.addEventListener("tram:ended", end);

  // --- the draft ------------------------------------------------------------------------------
  const timers = new WeakMap();
  const sent = new WeakMap();
  const clock = () => new Date().toLocaleTimeString("vi-VN", {
    hour: "2-digit", minute: "2-digit", timeZone: "Asia/Ho_Chi_Minh",
  });

  function draftState(form, text) {
    const place = form.querySelector(".draft-state");
    if (place && place.textContent !== text) place.textContent = text;
  }

  async function saveDraft(form, leaving) {
    clearTimeout(timers.get(form));
    const text = form.text.value;
    const fields = new URLSearchParams({ text, client_key: form.client_key.value });
    try {
      const answer = await fetch(form.dataset.draft, {
        method: "POST", body: fields, keepalive: leaving, headers: { "HX-Request": "true" },
      });
      if (answer.status === 401) { end(); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      if (form.text.value === text) {
        delete form.dataset.dirty;
        draftState(form, text ? `Đã lưu nháp lúc ${clock()}` : "");
      }
    } catch {
      draftState(form, "Chưa lưu được nháp");
      timers.set(form, setTimeout(() => saveDraft(form), 5000));
    }
  }

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form?.matches(".reply, .note-form")) return;
    form.dataset.dirty = "";
    if (!form.dataset.draft) return;
    draftState(form, "");
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(() => saveDraft(form), 700));
  });

  /** Save what was typed before the page, or the case in it, goes away. */
  function keepAll() {
    for (const form of document.querySelectorAll("form[data-draft][data-dirty]")) saveDraft(form, true);
  }
  addEventListener("beforeunload", keepAll); // before the next page is asked for
  addEventListener("pagehide", keepAll); // where phones know no other
  document.addEventListener("htmx:before:swap", (event) => {
    if (event.detail.ctx?.request?.method === "GET") keepAll();
  });

  const noteLeft = () => {
    const form = $(".note-form[data-dirty]");
    return form && form.text.value.trim();
  };
  addEventListener("beforeunload", (event) => { if (noteLeft() && !ended) event.preventDefault(); });
  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = event.detail;
    const form = ctx.sourceElement;
    if (form.matches("form.reply, form.note-form")) {
      sent.set(form, form.text.value);
      clearTimeout(timers.get(form));
    }
    const leaves = form.matches("a") && !form.closest(".panes");
    if (leaves && noteLeft() && !confirm("Ghi chú chưa lưu sẽ mất. Vẫn mở hồ sơ khác?")) {
      event.preventDefault();
    } else if (form.matches("a")) {
      keepAll();
    }
  });

  /** Empty the box of what was sent; what was typed meanwhile stays. */
  function empty(form) {
    if (!form) return;
    const before = sent.get(form) ?? "";
    form.text.value = form.text.value === before ? "" : form.text.value;
    delete form.dataset.dirty;
    if (form.text.value) form.text.dispatchEvent(new Event("input", { bubbles: true }));
  }
  document.addEventListener("tram:said", (event) => {
    const form = $("form.reply");
    if (form) form.client_key.value = event.detail.key;
    empty(form);
    if (form) draftState(form, "");
  });
  document.addEventListener("tram:noted", () => {
    empty($("form.note-form"));
    const box = $(".note-box");
    if (box) box.open = false;
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form?.requestSubmit();
    if (event.key === "Escape") closeMenus();
  });

  // --- opening another case, and menus --------------------------------------------------------
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx?.sourceElement?.matches?.("#rows a")) $("#work h1")?.focus();
  });
  function closeMenus(but) {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== but) menu.open = false;
  }
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));

  // --- who else has the case open -------------------------------------------------------------
  const WRITING = 15_000;
  let beatsAt = ""; // where this page was last said to be
  let typedAt = 0;

  /** Tell that this case lies open here, and show who else has it. */
  async function beat() {
    const address = document.hidden || ended ? "" : $("[data-present]")?.dataset.present ?? "";
    if (beatsAt !== address) leave();
    beatsAt = address;
    if (!address) return;
    const writing = Date.now() - typedAt < WRITING;
    try {
      const answer = await fetch(address, {
        method: "POST", body: new URLSearchParams({ writing }), headers: { "HX-Request": "true" },
      });
      if (answer.status === 401) { end(); return; }
      if (answer.status === 404) { gone(); return; }
      if (!answer.ok) return;
      const told = document.createElement("template");
      told.innerHTML = await answer.text();
      const fresh = told.content.querySelector("[data-present]");
      const shown = document.getElementById(fresh.id);
      if (shown && shown.innerHTML !== fresh.innerHTML) shown.replaceChildren(...fresh.childNodes);
    } catch { /* the next beat comes */ }
  }
  /** The case has left this office, or the person's sight: nothing of it stays on the screen. */
  function gone() {
    const work = $("#work");
    const kept = [...work.querySelectorAll("form.reply, form.note-form")]
      .map((form) => form.text.value.trim()).filter(Boolean);
    const words = document.createElement("p");
    words.textContent = "Hồ sơ này không còn ở chỗ bạn: đã chuyển nơi khác, hoặc bạn không còn được xem. Chuyển đi đâu: xem “Đã xong”, “Hồ sơ đã chuyển đi nơi khác”.";
    work.replaceChildren(words);
    if (kept.length) {
      const box = document.createElement("textarea");
      box.readOnly = true;
      box.rows = 4;
      box.value = kept.join("\n\n");
      box.setAttribute("aria-label", "Chữ bạn đã viết, chưa gửi");
      work.append(box);
    }
    work.className = "work left";
    delete work.dataset.case;
    delete work.dataset.live;
    beatsAt = "";
    refreshQueue();
  }
  function leave() {
    if (beatsAt && !ended) navigator.sendBeacon(beatsAt, new URLSearchParams({ leaving: true }));
    beatsAt = "";
    typedAt = 0;
  }
  setInterval(beat, 10_000);
  addEventListener("pagehide", leave);
  addEventListener("pagehide", () => { // an article is left as a case is
    const there = $("#others")?.getAttribute("hx-post");
    if (there && !ended) navigator.sendBeacon(there, new URLSearchParams({ leaving: true }));
  });
  document.addEventListener("visibilitychange", beat);
  document.addEventListener("htmx:after:swap", () => {
    if (($("[data-present]")?.dataset.present ?? "") !== beatsAt) beat();
  });
  document.addEventListener("input", (event) => {
    if (!event.target.form?.matches(".reply")) return;
    const began = Date.now() - typedAt > WRITING;
    typedAt = Date.now();
    if (began) beat();
  });
  document.addEventListener("tram:said", () => { typedAt = 0; beat(); });

  // --- canned replies, by "/" in the box of a reply -------------------------------------------
  const BLANKS = ["ten", "ma ho so", "chi nhanh", "ngay hen"];
  const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase().trim();
  const blanksIn = (text) => [...text.matchAll(/\{([^{}\n]{1,40})\}/g)].filter((one) => BLANKS.includes(folded(one[1])));
  const cannedOf = new Map(); // address → promise of the replies
  let offered = null; // what the open list shows

  /** Say which blanks are open; the browser itself holds the form back. */
  function checkBlanks(form) {
    const left = [...new Set(blanksIn(form.text.value).map((one) => one[0]))];
    const said = left.length ? `Còn chỗ trống: ${left.join(", ")}. Điền hoặc xóa rồi mới gửi được.` : "";
    form.text.setCustomValidity(said);
    let hint = form.querySelector(".blanks-left");
    if (!hint && said) {
      hint = document.createElement("p");
      hint.className = "blanks-left small";
      hint.setAttribute("role", "status");
      form.append(hint);
    }
    if (hint && hint.textContent !== said) hint.textContent = said;
  }

  function cannedFor(form) {
    const address = form.dataset.draft.replace(/draft$/, "canned");
    if (!cannedOf.has(address)) {
      const asked = fetch(address, { headers: { "HX-Request": "true" } }).then((answer) => {
        if (answer.status === 401) end();
        if (!answer.ok) throw new Error(String(answer.status));
        return answer.json();
      });
      asked.catch(() => cannedOf.delete(address)); // asked again at the next "/"
      cannedOf.set(address, asked);
    }
    return cannedOf.get(address);
  }

  /** The word after a "/" that begins one, up to the caret. */
  function slashWord(box) {
    return /(?:^|\s)\/([\p{L}\p{M}\p{N}-]{0,30})$/u.exec(box.value.slice(0, box.selectionStart));
  }

  async function offer(box) {
    const { form } = box;
    if (!slashWord(box)) { closeOffer(); return; }
    let replies;
    try { replies = await cannedFor(form); } catch { closeOffer(); return; }
    const typed = slashWord(box); // it may have gone on meanwhile
    if (!typed || document.activeElement !== box) { closeOffer(); return; }
    const word = folded(typed[1]);
    const fits = replies.filter((one) => folded(one.key).includes(word))
      .sort((one, other) => folded(other.key).startsWith(word) - folded(one.key).startsWith(word));
    show(box, fits, typed[1].length + 1);
  }

  function show(box, fits, typed) {
    const list = offered?.list ?? document.createElement("ul");
    list.className = "canned-offer";
    list.id = `${box.id}-canned`;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Câu trả lời mẫu");
    list.replaceChildren(...(fits.length ? fits : [null]).map((reply, place) => {
      const item = document.createElement("li");
      item.id = `${list.id}-${place}`;
      item.setAttribute("role", "option");
      if (!reply) {
        item.setAttribute("aria-disabled", "true");
        item.textContent = typed > 1 ? "Không có câu mẫu nào tên này."
          : "Chưa có câu mẫu nào. Trưởng chi nhánh, trung tâm thêm ở trang Câu trả lời mẫu.";
        return item;
      }
      const name = document.createElement("strong");
      name.textContent = `/${reply.key}`;
      const text = document.createElement("span");
      text.textContent = reply.text;
      item.append(name, " ", text);
      item.addEventListener("pointerdown", (event) => { event.preventDefault(); put(reply); });
      return item;
    }));
    offered = { list, box, fits, typed, chosen: 0 };
    if (!list.isConnected) box.closest(".send").before(list);
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-controls", list.id);
    choose(0);
    const said = `${fits.length} câu mẫu`;
    if ($("#announce").textContent !== said) $("#announce").textContent = said;
  }

  function choose(place) {
    const { list, box, fits } = offered;
    offered.chosen = fits.length ? (place + fits.length) % fits.length : 0;
    [...list.children].forEach((item, here) => {
      const chosen = here === offered.chosen && fits.length > 0;
      item.setAttribute("aria-selected", String(chosen));
      if (!chosen) return;
      box.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    });
    if (!fits.length) box.removeAttribute("aria-activedescendant");
  }

  function put(reply) {
    const { box, typed } = offered;
    const start = box.selectionStart - typed;
    closeOffer();
    box.setRangeText(reply.text, start, box.selectionStart, "end");
    box.focus();
    box.dispatchEvent(new Event("input", { bubbles: true }));
    const blank = blanksIn(reply.text)[0];
    if (blank) box.setSelectionRange(start + blank.index, start + blank.index + blank[0].length);
  }

  function closeOffer() {
    if (!offered) return;
    for (const name of ["aria-autocomplete", "aria-controls", "aria-activedescendant"]) offered.box.removeAttribute(name);
    offered.list.remove();
    offered = null;
  }

  document.addEventListener("input", (event) => {
    if (!event.target.form?.matches("form.reply") || event.target.name !== "text") return;
    checkBlanks(event.target.form);
    offer(event.target);
  });
  document.addEventListener("focusout", (event) => { if (event.target === offered?.box) closeOffer(); });
  document.addEventListener("keydown", (event) => {
    if (!offered || event.target !== offered.box || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const fits = offered.fits.length > 0;
    if (event.key === "ArrowDown" && fits) choose(offered.chosen + 1);
    else if (event.key === "ArrowUp" && fits) choose(offered.chosen - 1);
    else if ((event.key === "Enter" || event.key === "Tab") && fits && !event.shiftKey) put(offered.fits[offered.chosen]);
    else if (event.key === "Escape") closeOffer();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  /** A button for those who do not know of "/". */
  function readyReply() {
    const form = $("form.reply");
    if (!form) return;
    checkBlanks(form);
    if (form.querySelector(".canned-open")) return;
    const opens = document.createElement("button");
    opens.type = "button";
    opens.className = "canned-open plain";
    opens.textContent = "Câu mẫu /";
    opens.addEventListener("click", () => {
      const box = form.text;
      box.focus();
      if (slashWord(box)) { offer(box); return; }
      const before = box.value.slice(0, box.selectionStart);
      box.setRangeText(/\S$/.test(before) ? " /" : "/", box.selectionStart, box.selectionEnd, "end");
      box.dispatchEvent(new Event("input", { bubbles: true }));
    });
    form.querySelector(".say")?.append(opens);
  }
  document.addEventListener("htmx:after:swap", readyReply);
  document.addEventListener("tram:said", readyReply);

  // --- keys -----------------------------------------------------------------------------------
  const help = $("#keys");
  let keysOn = localStorage.getItem("tram.keys") !== "off";
  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    r: () => $("form.reply textarea")?.focus(),
    n: () => {
      const box = $(".note-box");
      if (!box) return;
      box.open = true;
      box.querySelector("textarea")?.focus();
    },
    c: () => $("form.claim")?.requestSubmit(),
    "/": () => $("#find-text")?.focus(),
    "?": () => help?.showModal(),
  };

  /** The next or the previous case of the list gets the focus; Enter opens it. */
  function step(by) {
    const rows = [...document.querySelectorAll("#rows a")];
    const focused = rows.indexOf(document.activeElement);
    const here = focused >= 0 ? focused : rows.findIndex((row) => row.hasAttribute("aria-current"));
    const next = rows[here < 0 ? 0 : Math.min(Math.max(here + by, 0), rows.length - 1)];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("keydown", (event) => {
    if (!keysOn || event.defaultPrevented || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
    if (event.target.closest("input, textarea, select, dialog")) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  const opensHelp = $("#keys-open");
  if (help && opensHelp) {
    opensHelp.hidden = false;
    opensHelp.addEventListener("click", () => { closeMenus(); help.showModal(); });
    const wish = help.querySelector("input");
    wish.checked = keysOn;
    wish.addEventListener("change", () => {
      keysOn = wish.checked;
      localStorage.setItem("tram.keys", keysOn ? "on" : "off");
    });
  }

  // --- the sound ------------------------------------------------------------------------------
  const button = $("#sound");
  let audio = null;
  let wanted = localStorage.getItem("tram.sound") === "on";

  function showSound() {
    button.hidden = false;
    button.setAttribute("aria-pressed", String(wanted));
    button.textContent = wanted ? "Tắt tiếng báo" : "Bật tiếng báo";
  }
  function beep() {
    if (!wanted || audio?.state !== "running") return;
    const at = audio.currentTime;
    for (const [offset, pitch] of [[0, 660], [0.16, 880]]) {
      const tone = audio.createOscillator();
      const loudness = audio.createGain();
      tone.frequency.value = pitch;
      loudness.gain.setValueAtTime(0.12, at + offset);
      loudness.gain.exponentialRampToValueAtTime(0.001, at + offset + 0.3);
      tone.connect(loudness).connect(audio.destination);
      tone.start(at + offset);
      tone.stop(at + offset + 0.3);
    }
  }
  button?.addEventListener("click", () => {
    wanted = !wanted;
    localStorage.setItem("tram.sound", wanted ? "on" : "off");
    showSound();
    setTimeout(beep, 100);
  });
  // Browsers make no sound before the person has touched the page.
  document.addEventListener("click", () => {
    if (wanted) (audio ??= new AudioContext()).resume();
  });

  if ($("#desk")) {
    showSound();
    title();
    listen();
    beat();
    readyReply();
  }

  // --- writing an article ---------------------------------------------------------------------
  const article = $("#article-form");
  if (article) write(article);

  /** Letters are counted, rows come and go, and what is typed is kept on the server. */
  function write(form) {
    let saving = Promise.resolve();
    let pause = 0;
    let changed = 0;
    let stopped = !form.dataset.autosave;
    const said = (text) => { $("#saved").textContent = text; };

    function count(box) {
      const place = form.querySelector(`[data-letters-of="${box.name}"]`);
      if (!place) return;
      const letters = [...box.value.trim().normalize("NFC")].length;
      place.textContent = `${letters}/${place.dataset.limit}`;
      place.classList.toggle("over", letters > Number(place.dataset.limit));
    }

    /** One after the other: a save must know the number that the one before it was given. */
    function keep() {
      clearTimeout(pause);
      saving = saving.then(send);
    }
    async function send() {
      if (stopped || ended || !("dirty" in form.dataset)) return;
      const upTo = changed;
      try {
        const answer = await fetch(form.dataset.autosave, {
          method: "POST", body: new URLSearchParams(new FormData(form)), headers: { "HX-Request": "true" },
        });
        if (answer.status === 401) { end(); return; }
        if (answer.status !== 409 && !answer.ok) throw new Error(String(answer.status));
        const told = await answer.json();
        if (told.said) said(told.said);
        if (answer.status === 409) { stopped = true; return; }
        for (const name of ["seen", "over", "base"]) if (name in told) form.elements[name].value = told[name];
        if (changed === upTo) delete form.dataset.dirty;
      } catch {
        said("Chưa tự lưu được. Chữ bạn viết còn nguyên ở đây.");
        pause = setTimeout(keep, 10_000);
      }
    }
    form.addEventListener("input", (event) => {
      if (event.target.name === "remark") return;
      changed += 1;
      form.dataset.dirty = "";
      count(event.target);
      // What was wrong is judged anew at the next save.
      event.target.removeAttribute("aria-invalid");
      document.getElementById(`wrong-${event.target.name}`)?.remove();
      clearTimeout(pause);
      pause = setTimeout(keep, 3000);
    });

    // The press of a button waits for the save under way, and for a session that is still there.
    form.addEventListener("submit", async (event) => {
      if (form.dataset.sending) return;
      event.preventDefault();
      clearTimeout(pause);
      await saving;
      if (!await here()) return;
      form.dataset.sending = "yes";
      stopped = true;
      form.requestSubmit(event.submitter);
    });
    addEventListener("pageshow", () => { delete form.dataset.sending; });

    for (const button of form.querySelectorAll("[data-adds], [data-removes]")) button.hidden = false;
    form.addEventListener("click", (event) => {
      const adds = event.target.closest("[data-adds]");
      const removes = event.target.closest("[data-removes]");
      const moves = event.target.closest("[data-moves]");
      const rows = $("#source-rows");
      if (moves) {
        event.preventDefault();
        const row = moves.closest(".source");
        const other = moves.dataset.moves === "up" ? row.previousElementSibling : row.nextElementSibling;
        if (!other) return;
        const theirs = other.querySelectorAll("input");
        row.querySelectorAll("input").forEach((box, place) => {
          [box.value, theirs[place].value] = [theirs[place].value, box.value];
        });
        const [mine, its] = [row, other].map((one) => one.querySelector(".law-name"));
        if (mine) other.append(mine);
        if (its) row.append(its);
        const next = other.querySelector(`[data-moves="${moves.dataset.moves}"]`);
        (next.disabled ? other.querySelector('[data-moves="down"]') : next).focus();
        rows.dispatchEvent(new Event("input", { bubbles: true }));
      } else if (adds) {
        const row = rows.lastElementChild.cloneNode(true);
        const number = rows.childElementCount + 1;
        row.querySelector(".law-name")?.remove();
        for (const box of row.querySelectorAll("input")) {
          box.value = "";
          box.setAttribute("aria-label", box.getAttribute("aria-label").replace(/\d+$/, number));
        }
        for (const button of row.querySelectorAll("button")) {
          button.disabled = false;
          button.value = button.value.replace(/\d+$/, number);
          const said = button.querySelector(".hidden");
          said.textContent = said.textContent.replace(/\d+$/, number);
        }
        rows.append(row);
        row.querySelector("input").focus();
      } else if (removes) {
        const row = removes.closest(removes.dataset.removes);
        for (const box of row.querySelectorAll("input")) box.value = "";
        if (rows.childElementCount > 1) row.remove();
        rows.dispatchEvent(new Event("input", { bubbles: true }));
      }
    });
  }
})();
