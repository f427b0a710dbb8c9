"use strict";
// The page is whole without this script: it filters and sorts the flows, copies filters, folds and turns dark.

const at = (id) => document.getElementById(id);

/* ---- dark and light ---- */

const prefersDark = matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  return (document.documentElement.dataset.theme || (prefersDark.matches ? "dark" : "light")) === "dark";
}

function showTheme() {
  at("theme").setAttribute("aria-pressed", String(isDark()));
}

at("theme").addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  showTheme();
});
prefersDark.addEventListener("change", showTheme);
showTheme();
at("tools").hidden = false;

/* ---- folding and printing ---- */

const ladders = () => document.querySelectorAll("details.ladder");

function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.tagName === "DETAILS") {
    target.open = true;
    target.scrollIntoView();
  }
}

at("open-all").addEventListener("click", () => ladders().forEach((ladder) => { ladder.open = true; }));
at("close-all").addEventListener("click", () => ladders().forEach((ladder) => { ladder.open = false; }));
at("folding").hidden = false;
at("print").addEventListener("click", () => print());
addEventListener("hashchange", openTarget);
addEventListener("beforeprint", () => {
  document.querySelectorAll("details").forEach((details) => { details.open = true; });
});
openTarget();

/* ---- copying ---- */

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages from a file may not use the clipboard's interface; the old way works there.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}

let saidSince;

function say(text) {
  at("said").textContent = text;
  clearTimeout(saidSince);
  saidSince = setTimeout(() => { at("said").textContent = ""; }, 2500);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) {
    const copied = await copy(button.dataset.copy);
    button.focus();
    say(copied ? said("Copied: ") + button.dataset.copy : said("Not copied: select the filter and copy it"));
  }
});

/* ---- flows ---- */

// The places of a row: see rows.rs.
const [NAME, RELATION, STATE, BEFORE, NOW, LOST, TRIP, LADDER] = [0, 1, 2, 3, 4, 5, 6, 7];
const PAGE = 100;

const [shared, rows, words] = JSON.parse(at("data").textContent);
for (const row of rows) {
  for (const place of [RELATION, STATE, BEFORE, NOW]) row[place] = shared[row[place]];
}

// The page's words for English ones; none where it speaks English.
function said(english, values = {}) {
  return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), words[english] ?? english);
}

const table = at("table");
const columns = table.tHead.rows[0].cells.length === 7
  ? [NAME, RELATION, STATE, BEFORE, NOW, LOST, TRIP]
  : [NAME, RELATION, STATE, NOW, LOST, TRIP];
let found = rows;
let visible = PAGE;
let sorted = null;
let haystacks = null;

function haystack(index) {
  // Made once, at the first filter.
  haystacks ??= rows.map((row) => [row[NAME], row[RELATION], row[STATE], said(row[RELATION]), said(row[STATE]), row[BEFORE], row[NOW]].join(" ").toLowerCase());
  return haystacks[index];
}

function filterRows() {
  const words = at("words").value.toLowerCase().split(/\s+/).filter(Boolean);
  const state = at("state").value;
  const relation = at("relation").value;
  found = rows.filter((row, index) =>
    (!state || row[STATE] === state)
    && (!relation || row[RELATION] === relation)
    && words.every((word) => haystack(index).includes(word)));
  if (sorted) {
    const { column, down } = sorted;
    const sign = down ? -1 : 1;
    const number = column === LOST || column === TRIP;
    found.sort((a, b) => sign * (number
      ? (a[column] ?? -1) - (b[column] ?? -1)
      : a[column] < b[column] ? -1 : a[column] > b[column] ? 1 : 0));
  }
  visible = PAGE;
  showRows();
}

function duration(ns) {
  const units = [["s", 1e9], ["ms", 1e6], ["µs", 1e3]];
  const [unit, size] = units.find(([, size]) => ns >= size) ?? ["ns", 1];
  const value = ns / size;
  return (value < 10 && size > 1 ? value.toFixed(1) : Math.round(value)) + " " + unit;
}

function cell(row, column) {
  const td = document.createElement("td");
  if (column === NAME && row[LADDER]) {
    const link = document.createElement("a");
    link.href = "#" + row[LADDER];
    link.textContent = row[NAME];
    td.append(link);
  } else if (column === STATE) {
    const state = document.createElement("span");
    state.className = "state " + row[STATE];
    state.textContent = said(row[STATE]);
    td.append(state);
  } else if (column === TRIP) {
    td.textContent = row[TRIP] === null ? "" : duration(row[TRIP]);
  } else if (column === RELATION) {
    td.textContent = said(row[RELATION]);
  } else {
    td.textContent = row[column];
  }
  if (column === LOST || column === TRIP) td.className = "figure";
  return td;
}

function showRows() {
  const body = document.createElement("tbody");
  for (const row of found.slice(0, visible)) {
    const tr = body.insertRow();
    for (const column of columns) tr.append(cell(row, column));
  }
  table.tBodies[0].replaceWith(body);
  at("shown").textContent = said("{n} of {all} flows", { n: found.length, all: rows.length });
  const more = at("more");
  more.textContent = "";
  if (found.length > visible) {
    const button = document.createElement("button");
    button.type = "button";
    const left = found.length - visible;
    button.textContent = said("Show {n} more of {all}", { n: Math.min(PAGE, left), all: left });
    button.addEventListener("click", () => { visible += PAGE; showRows(); });
    more.append(button);
  }
}

function sortBy(th, column) {
  const down = th.getAttribute("aria-sort") !== "descending" && (column === LOST || column === TRIP)
    || th.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  th.setAttribute("aria-sort", down ? "descending" : "ascending");
  sorted = { column, down };
  filterRows();
}

[...table.tHead.rows[0].cells].forEach((th, place) => {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = th.textContent;
  button.addEventListener("click", () => sortBy(th, columns[place]));
  th.replaceChildren(button);
});
for (const [id, column] of [["state", STATE], ["relation", RELATION]]) {
  for (const value of [...new Set(rows.map((row) => row[column]))].sort()) at(id).add(new Option(said(value), value));
  at(id).addEventListener("change", filterRows);
}
at("words").addEventListener("input", filterRows);
at("filter").hidden = false;
showRows();
