"use strict";
(() => {
  const form = document.querySelector("form");
  const items = [...document.querySelectorAll("tbody")];
  if (!form || !items.length) return;
  const { search, kind, action } = form.elements;
  const shown = document.getElementById("shown");
  let texts;
  let waiting = false;

  const filter = () => {
    waiting = false;
    texts ??= items.map((item) => item.textContent.toLowerCase());
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    items.forEach((item, index) => {
      const fits =
        (!kind.value || item.dataset.kind === kind.value) &&
        (!action.value || item.classList.contains(action.value)) &&
        words.every((word) => texts[index].includes(word));
      item.classList.toggle("out", !fits);
      count += fits;
    });
    shown.textContent = `${count.toLocaleString("en")} of ${items.length.toLocaleString("en")} shown`;
  };
  const soon = () => {
    if (!waiting) requestAnimationFrame(filter);
    waiting = true;
  };

  form.hidden = false;
  form.addEventListener("input", soon);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target?.classList.contains("out")) {
      form.reset();
      filter();
      target.scrollIntoView();
    }
  });
})();
