// Read before the page is shown, so that no key is lost: what is pressed while the other scripts are
// still on their way waits for them, in its order. html[data-ready] says that all of them have run.
const early = [];
const isTyped = (element) => element.closest?.("input, textarea, select, [contenteditable]");
const keep = (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.key.length > 1 || isTyped(event.target)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!event.repeat) early.push(event.key);
};
document.addEventListener("keydown", keep, true);
document.addEventListener("DOMContentLoaded", () => setTimeout(() => {
  // behind what the other scripts do at this moment
  document.removeEventListener("keydown", keep, true);
  document.documentElement.dataset.ready = "";
  for (const key of early) {
    const to = document.activeElement || document.body;
    to.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  }
}));
