// The menu stands open where there is room for it.
const wide = matchMedia("(min-width: 64rem)");
const menu = document.querySelector(".menu");
const fit = () => { if (menu) menu.open = wide.matches; };
wide.addEventListener("change", fit);
fit();

// What htmx sends carries the token of this session, as forms do.
const csrf = document.querySelector('meta[name="csrf"]').content;
document.addEventListener("htmx:configRequest", (event) => { event.detail.headers["X-CSRF-Token"] = csrf; });

// Times as the reader's clock shows them; the server wrote them in the zone of the pipeline.
const inOwnZone = (root) => {
  for (const time of root.querySelectorAll("time[datetime*='T']")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    const shown = { day: "numeric", month: "long", year: "numeric" };
    if ("clock" in time.dataset) Object.assign(shown, { hour: "2-digit", minute: "2-digit" });
    time.textContent = new Intl.DateTimeFormat("en-GB", shown).format(moment);
    time.title = moment.toLocaleString("en-GB", { dateStyle: "full", timeStyle: "long" });
  }
};
inOwnZone(document);
document.addEventListener("htmx:load", (event) => inOwnZone(event.detail.elt));

// A part that is changed in place is busy from its question to its answer. A key could only be meant
// for words that nobody has seen yet: it does nothing, but for those that the part holds till then.
let held = "";
const busy = () => document.querySelector("[data-holds][aria-busy=true]");
document.addEventListener("htmx:beforeRequest", ({ target, detail }) => {
  const part = detail.boosted && target.closest("[data-holds]");
  if (part) part.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:beforeSwap", ({ target, detail }) => {
  if (!detail.boosted || detail.xhr.status < 400) return;
  const again = detail.xhr.responseText.includes(`id="${detail.target.id}"`); // with what to mend
  Object.assign(detail, { shouldSwap: true, isError: false });
  if (!again) Object.assign(detail, { target: document.getElementById("main"), selectOverride: "#main" });
});
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!detail.boosted) return;
  busy()?.removeAttribute("aria-busy"); // what was not changed
  const unsent = document.getElementById("unsent");
  if (unsent) unsent.hidden = detail.xhr.status !== 0;
  const key = held;
  held = "";
  if (key) press(key);
});

// Single keys press what is marked with them; not while somebody types, or chooses in an open form.
const press = (key) => {
  const pressed = document.querySelector(`[data-key="${CSS.escape(key)}"]:not([disabled])`);
  if (!pressed) return false;
  pressed.click();
  if (pressed.matches("summary")) pressed.parentElement.querySelector("input:not([type=hidden])").focus();
  return true;
};
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input:not([data-key]), select, textarea, details[open] form")) {
    const open = event.target.closest("details[open]");
    if (event.key === "Escape" && open) { open.open = false; open.querySelector("summary").focus(); }
    return;
  }
  const part = busy();
  if (part) {
    if (part.dataset.holds.includes(event.key)) held = event.key;
  } else if (!event.repeat && press(event.key)) event.preventDefault();
});
