// Plays excerpts in place. Everything is found by the data-* of the page, so that parts which htmx
// brings later work too.
document.documentElement.classList.add("js");
const $ = (selector, within = document) => within.querySelector(selector);
const audio = $("#player");
const dock = $("#dock");
const help = $("#help");
const typing = () => document.activeElement?.matches("input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable]");
let playing = null; // what the player plays: an element with data-src
let until = Infinity; // seconds; an excerpt ends by itself once
let note = 0;
let onward = false; // a playlist plays on by itself

const say = (words) => {
  const toast = $("#toast");
  toast.textContent = words;
  toast.classList.add("shown");
  clearTimeout(note);
  note = setTimeout(() => toast.classList.remove("shown"), 2600);
};
const clock = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((n) => String(n).padStart(2, "0"));
  return (whole >= 3600 ? [Math.floor(whole / 3600), ...parts] : parts).join(":");
};

// Playing
const startAt = (seconds) => {
  if (audio.readyState >= 1) audio.currentTime = seconds;
  else audio.addEventListener("loadedmetadata", () => { audio.currentTime = seconds; }, { once: true });
};
const play = (element, { from = Number(element.dataset.start), to = Number(element.dataset.end) || Infinity } = {}) => {
  const other = new URL(element.dataset.src, location.href).href;
  if (audio.src !== other) audio.src = other;
  playing = element;
  until = to;
  startAt(from);
  dock.hidden = false;
  const title = $("#dock-title");
  title.textContent = element.dataset.title || "";
  title.href = element.dataset.call || "#main";
  audio.playbackRate = Number($("#dock-speed").value);
  audio.play().catch((error) => { if (error.name !== "AbortError") broken(); });
  mark();
};
const toggle = (element) => {
  if (element && element !== playing) play(element);
  else if (audio.paused) { if (audio.currentTime >= until) until = Infinity; audio.play(); }
  else audio.pause();
};
const playNext = () => {
  const all = [...document.querySelectorAll(".excerpt[data-src]")];
  const next = all[all.indexOf(playing) + 1];
  onward = Boolean(next);
  if (!next) return;
  play(next);
  next.scrollIntoView({ block: "center" });
};
const skip = (seconds) => { if (audio.src) { until = Infinity; audio.currentTime = Math.max(0, audio.currentTime + seconds); } };
const broken = () => say("This recording cannot be played: it may have been moved.");
const mark = () => {
  document.querySelectorAll(".is-on").forEach((element) => element.classList.remove("is-on"));
  if (audio.paused) return;
  playing?.classList.add("is-on");
  dock.classList.add("is-on");
};

if (audio) {
  audio.addEventListener("play", mark);
  audio.addEventListener("pause", mark);
  audio.addEventListener("error", broken);
  audio.addEventListener("timeupdate", () => {
    if (audio.currentTime >= until) { audio.pause(); until = Infinity; if (onward) playNext(); }
    $("#dock-time").textContent = `${clock(audio.currentTime)} / ${clock(audio.duration)}`;
    const seek = $("#dock-seek");
    seek.max = audio.duration || 1;
    if (document.activeElement !== seek || !seek.matches(":active")) seek.value = audio.currentTime;
    document.dispatchEvent(new CustomEvent("callinsight:time", { detail: audio.currentTime }));
  });
  $("#dock-play").addEventListener("click", () => toggle(null));
  $("#dock-back").addEventListener("click", () => skip(-5));
  $("#dock-on").addEventListener("click", () => skip(5));
  $("#dock-seek").addEventListener("input", (event) => { until = Infinity; audio.currentTime = Number(event.target.value); });
  $("#dock-speed").addEventListener("change", (event) => {
    audio.playbackRate = Number(event.target.value);
    localStorage.setItem("speed", event.target.value);
  });
  const speed = localStorage.getItem("speed");
  if (speed && $(`#dock-speed option[value="${CSS.escape(speed)}"]`)) $("#dock-speed").value = speed;
}

// Copying
const copy = async (element, what) => {
  const text = what === "link" ? new URL(element.dataset.link, location.href).href : element.dataset.quote;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea"); // without https there is no other way
    area.value = text;
    area.className = "hidden";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  say(what === "link" ? "The link is copied." : "The quote is copied.");
};

document.addEventListener("click", (event) => {
  const within = event.target.closest("[data-quote]");
  if (event.target.closest("[data-play-all]")) {
    playing = null;
    playNext();
  } else if (event.target.closest("a.play, a.listen")) {
    event.preventDefault();
    toggle(event.target.closest("[data-src]"));
  } else if (event.target.closest("[data-copy]")) {
    copy(within, event.target.closest("[data-copy]").dataset.copy);
  } else if (event.target.closest("[data-help]")) {
    help.showModal();
  } else if (event.target.closest(".adding [data-close]")) {
    event.preventDefault();
    event.target.closest(".adding").replaceChildren();
  } else {
    document.querySelectorAll("details.why[open], details.menu-small[open]").forEach((open) => {
      if (!open.contains(event.target)) open.open = false;
    });
  }
});

// Keys
const move = (step) => {
  const all = [...document.querySelectorAll("[data-turn], .excerpt")];
  const here = document.activeElement?.closest("[data-turn], .excerpt") || playing;
  const next = all[all.indexOf(here) + step] || (here ? null : all[0]);
  if (!next) return;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing() || help?.open) return;
  const here = document.activeElement?.closest("[data-src], .excerpt, [data-turn]");
  const arrows = here || !audio?.paused;
  const onControl = document.activeElement?.matches("a, button, summary, input");
  const does = {
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: here && (() => move(1)),
    ArrowUp: here && (() => move(-1)),
    ArrowLeft: arrows && !document.activeElement?.matches("[type=range]") && (() => skip(-5)),
    ArrowRight: arrows && !document.activeElement?.matches("[type=range]") && (() => skip(5)),
    " ": !onControl && audio && (() => toggle(here?.dataset.src ? here : null)),
    c: here?.dataset.quote && (() => copy(here, "quote")),
    "/": $("#q") && (() => $("#q").focus()),
    "?": help && (() => help.showModal()),
  }[event.key];
  if (does) { event.preventDefault(); does(); }
});

// Filters stay as they were unfolded when the list comes anew
const unfolded = new Map();
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("details.facet, details.more, details.filters")) unfolded.set(event.target.id, event.target.open);
}, true);
const roomy = matchMedia("(min-width: 64rem)");
const unfold = () => {
  const filters = $("#filters");
  if (filters && !unfolded.has("filters")) filters.open = roomy.matches;
  unfolded.forEach((open, id) => { const found = document.getElementById(id); if (found) found.open = open; });
};
let chosen = ""; // the filter that was just set: where it stood folded, htmx cannot focus it again
document.addEventListener("htmx:beforeSwap", () => { chosen = document.activeElement?.closest("#filters") ? document.activeElement.id : ""; });
document.addEventListener("htmx:afterSettle", () => {
  unfold();
  if (chosen && document.activeElement === document.body) document.getElementById(chosen)?.focus({ preventScroll: true });
  chosen = "";
});
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const follows = detail.requestConfig?.path.startsWith("/correct/state/"); // a card comes as it is tagged now
  if (follows && document.activeElement === document.body) detail.elt.focus({ preventScroll: true });
});
document.addEventListener("htmx:responseError", () => say("That did not work. Try again in a moment."));
document.addEventListener("htmx:sendError", () => say("The server does not answer. Is it still running?"));
unfold();

// A call: its words in step with the sound
const turns = $("#turns");
if (turns) {
  const words = [...turns.querySelectorAll("[data-t]")];
  const times = words.map((word) => Number(word.dataset.t));
  const said = [...turns.querySelectorAll("[data-start]")];
  let lit = null;
  let at = null;
  const isOpen = (link, turn) => $(link.getAttribute("hx-select"), turn); // its form
  document.addEventListener("click", (event) => {
    const word = event.target.closest("[data-t]");
    const line = event.target.closest("[data-play]");
    const turn = event.target.closest("[data-turn]");
    if (event.target.closest("[data-close]") && turn) {
      event.preventDefault();
      $(".mend-turn-form", turn).remove();
    } else if (word && !getSelection().toString()) {
      play(turn, { from: Number(word.dataset.t), to: Infinity });
    } else if (line) {
      event.preventDefault();
      play(turn, { to: Infinity });
    } else if (event.target.closest(".mend-turn") && turn && isOpen(event.target.closest(".mend-turn"), turn)) {
      event.preventDefault();
    }
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!event.target.matches(".mend-turn")) return;
    const turn = event.target.closest("[data-turn]");
    if (isOpen(event.target, turn)) event.preventDefault();
    else $(".mend-turn-form", turn)?.remove(); // one form at a time
  });
  document.addEventListener("callinsight:time", ({ detail: now }) => {
    let low = 0;
    let high = times.length;
    while (low < high) { const middle = (low + high) >> 1; if (times[middle] <= now + 0.05) low = middle + 1; else high = middle; }
    const word = words[low - 1];
    if (word !== lit) { lit?.classList.remove("lit"); word?.classList.add("lit"); lit = word; }
    const turn = said.findLast((one) => Number(one.dataset.start) <= now + 0.05);
    if (turn === at) return;
    at?.classList.remove("is-said");
    turn?.classList.add("is-said");
    at = turn;
    if (playing?.matches("[data-turn]")) playing = turn || playing;
    const follow = $("#follow");
    if (turn && follow?.checked && !audio.paused) turn.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  });
}
