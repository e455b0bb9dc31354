// Forms that go by themselves once something is chosen need no button for it.
document.documentElement.classList.add("js");
