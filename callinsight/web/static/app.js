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

// Single keys press what is marked with them; not while somebody types, or chooses in an open form.
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea, details[open] form")) {
    const open = event.target.closest("details[open]");
    if (event.key === "Escape" && open) { open.open = false; open.querySelector("summary").focus(); }
    return;
  }
  const pressed = document.querySelector(`[data-key="${CSS.escape(event.key)}"]:not([disabled])`);
  if (!pressed) return;
  event.preventDefault();
  pressed.click();
  if (pressed.matches("summary")) pressed.parentElement.querySelector("input:not([type=hidden])").focus();
});
