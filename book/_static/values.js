/* The tables of the appendix and the ledger: search, filter, sort and page through the rows in window.haicValues.
   No library, no network. The last column is the row's address. `noun`, `label` and `search` say what the rows are;
   `links` makes the parts of a column lead to other pages, `marks` colours a column's words, `wide` gives
   room, `page` is how many are shown at a time. */
(function () {
  "use strict";
  const root = document.getElementById("haic-values");
  const data = window.haicValues;
  if (!root || !data) return;

  const PAGE = data.page || 50;
  const idColumn = data.columns.length - 1;
  const noun = data.noun || "values";
  const wide = new Set((data.wide || []).map((name) => data.columns.indexOf(name)));
  const marks = data.columns.indexOf(data.marks);
  const links = new Map(Object.entries(data.links || {}).map(([name, to]) => [data.columns.indexOf(name), to]));
  const MOST_LINKS = 12;
  const numeric = new Set(data.numbers.map((name) => data.columns.indexOf(name)));
  const texts = data.rows.map((row) => row.join("\n").toLowerCase());
  const state = { words: [], filters: {}, sort: -1, down: false, page: 0, marked: "" };

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
    return [...seen].sort(byText);
  }

  const byText = (a, b) => a.localeCompare(b, undefined, { numeric: true });

  /* The number at the start of a printed figure or an interval; NaN where there is none. */
  function leading(text) {
    const found = /^(?:up to |from |[<>≤≥~])?\s*([-−]?[\d,]*\.?\d+)/.exec(text);
    return found ? Number(found[1].replace("−", "-").replaceAll(",", "")) : NaN;
  }

  /* Numbers by size, then words, then what is empty, whichever way the column is sorted. */
  function sorted(rows) {
    if (state.sort < 0) return rows;
    const way = state.down ? -1 : 1;
    const keyed = rows.map((row) => {
      const text = row[state.sort];
      const number = numeric.has(state.sort) ? leading(text) : NaN;
      return { row, text, number, rank: !text ? 2 : Number.isNaN(number) ? 1 : 0 };
    });
    keyed.sort((a, b) => a.rank - b.rank || way * (a.rank === 0 ? a.number - b.number : byText(a.text, b.text)));
    return keyed.map((one) => one.row);
  }

  function chosen() {
    const filters = Object.entries(state.filters).filter(([, wanted]) => wanted);
    return sorted(data.rows.filter((row, index) =>
      state.words.every((word) => texts[index].includes(word)) &&
      filters.every(([column, wanted]) => row[column].split("; ").includes(wanted))));
  }

  const search = element("input", {
    type: "search",
    "aria-label": "Search all columns",
    placeholder: data.search || "Search: fever, 28.8, hazard …",
    oninput: () => { state.words = search.value.toLowerCase().split(/\s+/).filter(Boolean); first(); },
  });
  const selects = data.filters.map((name) => {
    const column = data.columns.indexOf(name);
    const select = element("select", {
      "aria-label": "Filter by " + name.toLowerCase(),
      onchange: () => { state.filters[column] = select.value; first(); },
    }, element("option", { value: "" }, name + ": all"));
    for (const option of options(column)) select.append(element("option", { value: option }, option));
    return select;
  });
  const clear = element("button", { type: "button", onclick: () => { showAll(); first(); } }, "Clear");
  const count = element("p", { class: "haic-count", role: "status" });
  const head = element("tr");
  const body = element("tbody");
  const table = element("table", { class: "table haic-table haic-values", "aria-label": data.label || "Every printed value" },
    element("thead", {}, head), body);
  const back = element("button", { type: "button", onclick: () => turn(-1) }, "Previous");
  const next = element("button", { type: "button", onclick: () => turn(1) }, "Next");
  root.replaceChildren(
    element("div", { class: "haic-controls" }, search, ...selects, clear),
    count,
    element("div", { class: "haic-scroll", role: "region", "aria-label": "Table, scrolls sideways", tabindex: "0" }, table),
    element("div", { class: "haic-controls" }, back, next));

  data.columns.forEach((name, column) => head.append(element("th", { scope: "col" }, element("button", {
    type: "button",
    onclick: () => {
      state.down = state.sort === column && !state.down;
      state.sort = column;
      first();
    },
  }, name))));

  function first() { state.page = 0; draw(); }

  function turn(by) {
    state.page += by;
    draw();
    count.scrollIntoView({ block: "center" });
  }

  function showAll() {
    search.value = "";
    for (const select of selects) select.value = "";
    Object.assign(state, { words: [], filters: {}, sort: -1, down: false });
  }

  function styles(cell, column) {
    if (column === marks) return { class: "haic-mark-" + cell };
    return wide.has(column) ? { class: "haic-wide" } : {};
  }

  function content(cell, column) {
    if (column === idColumn) return [element("a", { href: "#" + cell }, cell)];
    if (!links.has(column) || !cell) return [cell];
    const parts = cell.split(" ");
    const shown = parts.slice(0, MOST_LINKS).flatMap((part, place) => [
      element("a", { href: links.get(column) + part, title: part, "aria-label": part }, String(place + 1)), " "]);
    return parts.length > MOST_LINKS ? [...shown, "and " + (parts.length - MOST_LINKS) + " more"] : shown;
  }

  /* An address such as #Study=a2020&Rule=levels sets filters; false where it names none. */
  function filtered(address) {
    if (!address.includes("=")) return false;
    const wanted = new URLSearchParams(address);
    if (![...wanted.keys()].some((name) => data.filters.includes(name))) return false;
    showAll();
    data.filters.forEach((name, place) => {
      selects[place].value = wanted.get(name) || "";
      state.filters[data.columns.indexOf(name)] = selects[place].value;
    });
    first();
    root.scrollIntoView({ block: "start", behavior: "instant" });
    return true;
  }

  function draw() {
    const rows = chosen();
    const pages = Math.max(1, Math.ceil(rows.length / PAGE));
    state.page = Math.min(Math.max(state.page, 0), pages - 1);
    body.replaceChildren(...rows.slice(state.page * PAGE, (state.page + 1) * PAGE).map((row) => element(
      "tr",
      row[idColumn] === state.marked ? { id: row[idColumn], class: "haic-marked" } : { id: row[idColumn] },
      ...row.map((cell, column) => element("td", styles(cell, column), ...content(cell, column))),
    )));
    count.textContent = rows.length + " of " + data.rows.length + " " + noun + ", page " + (state.page + 1) + " of " + pages;
    back.disabled = state.page === 0;
    next.disabled = state.page >= pages - 1;
    [...head.children].forEach((cell, column) =>
      cell.setAttribute("aria-sort", state.sort !== column ? "none" : state.down ? "descending" : "ascending"));
  }

  /* A link to a value shows it, also when a search or a filter hides it. */
  function goToMarked() {
    if (filtered(location.hash.slice(1))) return;
    const wanted = location.hash.slice(1);
    const known = data.rows.some((row) => row[idColumn] === wanted);
    state.marked = known ? wanted : "";
    if (known) {
      if (!chosen().some((row) => row[idColumn] === wanted)) showAll();
      state.page = Math.floor(chosen().findIndex((row) => row[idColumn] === wanted) / PAGE);
    }
    draw();
    scrollToMarked();
    reportMarked();
  }

  /* Whoever reports a problem from here names the row that they look at. */
  const report = document.querySelector("a.haic-report");
  const reported = report && report.href;
  function reportMarked() {
    if (report && state.marked) report.href = reported.replace(".html%0A", ".html%23" + encodeURIComponent(state.marked) + "%0A");
  }

  function scrollToMarked() {
    const row = state.marked && document.getElementById(state.marked);
    if (row) row.scrollIntoView({ block: "center", behavior: "instant" });
  }

  window.addEventListener("hashchange", goToMarked);
  window.addEventListener("load", scrollToMarked); // fonts that come late move the rows
  goToMarked();
})();
