/* The appendix's table: search, filter, sort and page through the rows in window.haicValues. No library, no network. */
(function () {
  "use strict";
  const root = document.getElementById("haic-values");
  const data = window.haicValues;
  if (!root || !data) return;

  const PAGE = 50;
  const idColumn = data.columns.length - 1;
  const state = { search: "", filters: {}, sort: -1, down: false, page: 0, marked: decodeURIComponent(location.hash.slice(1)) };

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
  }

  function options(column) {
    const seen = new Set();
    for (const row of data.rows) for (const part of row[column].split("; ")) if (part) seen.add(part);
    return [...seen].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  }

  const search = element("input", {
    type: "search",
    "aria-label": "Search all columns",
    placeholder: "Search: fever, 28.8, hazard …",
    oninput: () => { state.search = search.value.toLowerCase(); state.page = 0; draw(); },
  });
  const controls = element("div", { class: "haic-controls" }, search);
  for (const name of data.filters) {
    const column = data.columns.indexOf(name);
    const select = element("select", {
      "aria-label": "Filter by " + name.toLowerCase(),
      onchange: () => { state.filters[column] = select.value; state.page = 0; draw(); },
    }, element("option", { value: "" }, name + ": all"));
    for (const option of options(column)) select.append(element("option", { value: option }, option));
    controls.append(select);
  }
  const count = element("p", { class: "haic-count", role: "status" });
  const head = element("tr");
  const body = element("tbody");
  const table = element("table", { class: "table haic-table haic-values" }, element("thead", {}, head), body);
  const back = element("button", { type: "button", onclick: () => { state.page -= 1; draw(); } }, "Previous");
  const next = element("button", { type: "button", onclick: () => { state.page += 1; draw(); } }, "Next");
  root.replaceChildren(controls, count, element("div", { class: "haic-scroll" }, table), element("div", { class: "haic-controls" }, back, next));

  data.columns.forEach((name, column) => {
    const button = element("button", {
      type: "button",
      onclick: () => {
        state.down = state.sort === column && !state.down;
        state.sort = column;
        state.page = 0;
        draw();
      },
    }, name);
    head.append(element("th", { scope: "col" }, button));
  });

  function chosen() {
    const rows = data.rows.filter((row) =>
      (!state.search || row.some((cell) => cell.toLowerCase().includes(state.search))) &&
      Object.entries(state.filters).every(([column, wanted]) => !wanted || row[column].split("; ").includes(wanted)));
    if (state.sort < 0) return rows;
    const way = state.down ? -1 : 1;
    return rows.slice().sort((a, b) => way * a[state.sort].localeCompare(b[state.sort], undefined, { numeric: true }));
  }

  function draw() {
    const rows = chosen();
    const pages = Math.max(1, Math.ceil(rows.length / PAGE));
    state.page = Math.min(Math.max(state.page, 0), pages - 1);
    const shown = rows.slice(state.page * PAGE, (state.page + 1) * PAGE);
    body.replaceChildren(...shown.map((row) => element(
      "tr",
      { id: row[idColumn], class: row[idColumn] === state.marked ? "haic-marked" : "" },
      ...row.map((cell, column) => element("td", {}, column === idColumn ? element("a", { href: "#" + cell }, cell) : cell)),
    )));
    count.textContent = rows.length + " of " + data.rows.length + " values, page " + (state.page + 1) + " of " + pages;
    back.disabled = state.page === 0;
    next.disabled = state.page >= pages - 1;
    [...head.children].forEach((cell, column) =>
      cell.setAttribute("aria-sort", state.sort !== column ? "none" : state.down ? "descending" : "ascending"));
  }

  function goToMarked() {
    state.marked = decodeURIComponent(location.hash.slice(1));
    const place = chosen().findIndex((row) => row[idColumn] === state.marked);
    if (place >= 0) state.page = Math.floor(place / PAGE);
    draw();
    const row = document.getElementById(state.marked);
    if (row) row.scrollIntoView({ block: "center" });
  }

  window.addEventListener("hashchange", goToMarked);
  goToMarked();
})();
