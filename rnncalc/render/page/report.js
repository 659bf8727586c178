"use strict";
// Sorts and filters the rows that are there. Figures are compared as texts of digits: they may be too long for a number.
(() => {
  const table = document.querySelector(".models");
  const form = document.querySelector("form");
  const status = document.querySelector("#shown");
  const models = [...table.querySelectorAll("tbody.model")];
  const folders = new Map([...table.querySelectorAll("tbody.folder")].map((each) => [each.dataset.folder, each]));
  const total = table.querySelector("tfoot");
  const whole = status.textContent;
  const heads = [...table.tHead.rows[0].cells];
  const digits = (figure) => BigInt(figure).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  const counted = (count) => `${digits(count)} ${count === 1 ? "model" : "models"}`;
  const value = (model, column) => model.rows[0].cells[column].dataset.value;

  function compare(a, b, figures) {
    if (figures && a.length !== b.length) return a.length - b.length;
    return figures ? (a < b ? -1 : a > b ? 1 : 0) : a.localeCompare(b, "en", { numeric: true });
  }

  // The folders stay together; the one with the first model comes first.
  function sort(column, turned) {
    const figures = heads[column].classList.contains("figure");
    const known = models.filter((model) => value(model, column) !== "");
    const unknown = models.filter((model) => value(model, column) === "");
    known.sort((a, b) => (turned ? -1 : 1) * compare(value(a, column), value(b, column), figures));
    const groups = new Map();
    for (const model of [...known, ...unknown]) {
      const folder = model.dataset.folder;
      if (!groups.has(folder)) groups.set(folder, folders.has(folder) ? [folders.get(folder)] : []);
      groups.get(folder).push(model);
    }
    for (const group of groups.values()) table.append(...group);
    table.append(total);
    heads.forEach((head, n) => {
      if (head.ariaSort) head.ariaSort = n !== column ? "none" : turned ? "descending" : "ascending";
    });
  }

  function filter() {
    const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const framework = form.elements.framework.value;
    const budget = form.elements.budget.value;
    const seen = new Map();
    let count = 0;
    let sum = 0n;
    for (const model of models) {
      const { text, framework: own, budget: state, params, folder } = model.dataset;
      const lower = text.toLowerCase();
      const fits = words.every((word) => lower.includes(word))
        && (!framework || own === framework) && (!budget || state === budget);
      model.hidden = !fits;
      if (fits) {
        count += 1;
        sum += BigInt(params);
        const [number, part] = seen.get(folder) ?? [0, 0n];
        seen.set(folder, [number + 1, part + BigInt(params)]);
      }
    }
    for (const [folder, body] of folders) {
      body.hidden = !seen.has(folder);
      const [number, part] = seen.get(folder) ?? [0, 0n];
      body.querySelector(".sum").textContent = `${counted(number)}, ${digits(part)} parameters`;
    }
    const part = `${digits(count)} of ${counted(models.length)}, ${digits(sum)} parameters`;
    status.textContent = count === models.length ? whole : part;
    total.hidden = count !== models.length;
  }

  for (const [column, head] of heads.entries()) {
    if (head.classList.contains("picture")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    head.ariaSort = "none";
    button.addEventListener("click", () => {
      const figures = head.classList.contains("figure");
      sort(column, head.ariaSort === "none" ? figures : head.ariaSort === "ascending");
    });
  }
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  form.querySelector("#unfold").addEventListener("click", (event) => {
    const open = event.target.getAttribute("aria-pressed") !== "true";
    event.target.setAttribute("aria-pressed", String(open));
    for (const each of table.querySelectorAll(".model > tr > td > details")) each.open = open;
  });
})();
