// Forms that go by themselves once something is chosen need no button for it.
document.documentElement.classList.add("js");

// An asset's link goes to the clipboard at once; the form tells the server that it was taken.
const tell = (words) => {
  let toast = document.getElementById("toast");
  if (!toast) {
    toast = Object.assign(document.createElement("p"), { id: "toast", className: "toast" });
    toast.setAttribute("role", "status");
    document.body.append(toast);
  }
  toast.textContent = words;
  toast.classList.add("shown");
  setTimeout(() => toast.classList.remove("shown"), 2600);
};
const take = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = Object.assign(document.createElement("textarea"), { value: text, className: "hidden" });
    document.body.append(area); // without https there is no other way
    area.select();
    document.execCommand("copy");
    area.remove();
  }
};
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-url]");
  if (!form) return;
  take(form.dataset.url);
  form.classList.add("taken");
  tell("The link is copied, and noted as sent.");
});
document.addEventListener("htmx:responseError", (event) => {
  if (event.target.matches?.("form[data-url]")) tell("The link is copied, but that could not be noted.");
});
