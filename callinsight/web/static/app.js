// The menu stands open where there is room for it.
const wide = matchMedia("(min-width: 64rem)");
const menu = document.querySelector(".menu");
const fit = () => { menu.open = wide.matches; };
wide.addEventListener("change", fit);
fit();
