// The table: shown, edited, sorted, and marked with an answer's cells.
// Given by the page: element, props (value: title, section, caption, header, rows), trigger, watch.
"use strict";

const STEP = 200; // rows that are drawn at a time
const state = { order: [], sorted: -1, down: false, drawn: STEP, row: 0, column: 0, marks: null, past: [] };
const $ = (selector) => element.querySelector(selector);
const table = () => props.value;
const make = (name, attributes = {}, text = "") => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
};

const amount = (text) => {
  const plain = text.replace(/[\s,$€£¥%]/g, "").replace(/[−–]/g, "-");
  return plain !== "" && Number.isFinite(Number(plain)) ? Number(plain) : null;
};

const compare = (a, b) => {
  const [x, y] = [amount(a), amount(b)];
  if (x !== null && y !== null) return x - y;
  if (x !== null || y !== null) return x !== null ? -1 : 1;
  return a.localeCompare(b, undefined, { numeric: true });
};

function sort() {
  const rows = table().rows;
  state.order = rows.map((_, place) => place);
  if (state.sorted < 0) return;
  const [column, turn] = [state.sorted, state.down ? -1 : 1];
  state.order.sort((a, b) => {
    const [x, y] = [rows[a][column], rows[b][column]];
    if (!x || !y) return (x ? 0 : 1) - (y ? 0 : 1) || a - b; // empty cells last, either way
    return turn * compare(x, y) || a - b;
  });
}

// Which marks a cell has; -1 is the header's row.
function dress(cell, row, column) {
  const marks = state.marks;
  const has = (places) => (places ?? []).some(([r, c]) => r === row && c === column);
  const [answer, named] = [has(marks?.coordinates), has(marks?.named)];
  const unread = marks?.rows && ((row >= 0 && !marks.rowSet.has(row)) || !marks.columnSet.has(column));
  cell.classList.toggle("is-answer", answer);
  cell.classList.toggle("is-named", named);
  cell.classList.toggle("is-unread", Boolean(unread));
  const said = [answer && "the cell decoder's answer", named && "named in the sentence", unread && "not read"];
  const text = said.filter(Boolean).join(", ");
  if (text) cell.setAttribute("aria-description", text);
  else cell.removeAttribute("aria-description");
}

function heading(column) {
  const cell = make("th", { scope: "col", tabindex: "-1", "data-row": -1, "data-column": column });
  const sorted = state.sorted === column;
  cell.setAttribute("aria-sort", sorted ? (state.down ? "descending" : "ascending") : "none");
  cell.append(make("span", { class: "gt-text", dir: "auto" }, table().header[column]));
  cell.append(make("span", { class: "gt-arrow", "aria-hidden": "true" }, sorted ? (state.down ? "▼" : "▲") : "↕"));
  dress(cell, -1, column);
  return cell;
}

function bodyRow(place) {
  const row = state.order[place];
  const line = make("tr", { "aria-rowindex": place + 2 });
  line.append(make("th", { scope: "row", class: "gt-number" }, String(row + 1)));
  table().rows[row].forEach((text, column) => {
    const cell = make("td", { tabindex: "-1", dir: "auto", "data-row": row, "data-column": column }, text);
    dress(cell, row, column);
    line.append(cell);
  });
  return line;
}

function draw() {
  const { header, rows } = table();
  const head = make("tr", { "aria-rowindex": 1 });
  head.append(make("th", { class: "gt-number", scope: "col", "aria-label": "Row" }));
  header.forEach((_, column) => head.append(heading(column)));
  $("thead").replaceChildren(head);
  state.drawn = Math.min(Math.max(state.drawn, STEP), Math.max(rows.length, STEP));
  const lines = [];
  for (let place = 0; place < Math.min(state.drawn, rows.length); place++) lines.push(bodyRow(place));
  $("tbody").replaceChildren(...lines);
  $("table").setAttribute("aria-rowcount", rows.length + 1);
  $("table").setAttribute("aria-colcount", header.length + 1);
  const left = rows.length - state.drawn;
  $(".gt-more").hidden = left <= 0;
  $(".gt-more").textContent = `Show ${Math.min(left, STEP)} more rows (${left.toLocaleString("en")} left)`;
  const count = (number, name) => `${number.toLocaleString("en")} ${name}${number === 1 ? "" : "s"}`;
  $(".gt-size").textContent = `${count(rows.length, "row")} × ${count(header.length, "column")}`;
  if (document.activeElement !== $(".gt-title")) $(".gt-title").value = table().title;
  const context = [table().section, table().caption].filter(Boolean).join(" · ");
  $(".gt-context").textContent = context;
  $(".gt-context").hidden = !context;
  $(".gt-undo").disabled = !state.past.length;
  $(".gt-drop-row").disabled = rows.length < 2;
  $(".gt-drop-column").disabled = header.length < 2;
  legend();
  rove();
}

function legend() {
  const marks = state.marks;
  $(".gt-legend").hidden = !marks;
  if (!marks) return;
  const shown = {
    "is-answer": marks.coordinates.length > 0,
    "is-named": marks.named.length > 0,
    "is-unread": Boolean(marks.rows),
  };
  for (const [name, is] of Object.entries(shown)) $(`.gt-legend .${name}`).parentElement.hidden = !is;
  $(".gt-none").hidden = shown["is-answer"] || shown["is-named"];
}

const cellAt = (row, column) => element.querySelector(`[data-row="${row}"][data-column="${column}"]`);

// One cell alone is reached with the Tab key, the others from it with arrows.
function rove() {
  const { header, rows } = table();
  state.row = Math.min(state.row, rows.length - 1);
  state.column = Math.min(state.column, header.length - 1);
  element.querySelectorAll("[data-row][tabindex='0']").forEach((cell) => { cell.tabIndex = -1; });
  const cell = cellAt(state.row, state.column) ?? cellAt(-1, 0);
  if (cell) cell.tabIndex = 0;
}

function focus(row, column) {
  const place = state.order.indexOf(row);
  if (place >= state.drawn) {
    state.drawn = Math.ceil((place + 1) / STEP) * STEP;
    draw();
  }
  [state.row, state.column] = [row, column];
  rove();
  cellAt(row, column)?.focus();
}

function change(edited) {
  state.past = [...state.past.slice(-49), table()];
  state.marks = null;
  props.value = edited;
  sort();
  draw();
  document.dispatchEvent(new CustomEvent("gentap:edited"));
}

function setText(row, column, text) {
  const tidy = text.split(/\s+/).filter(Boolean).join(" ");
  const { header, rows } = table();
  if (tidy === (row < 0 ? header[column] : rows[row][column])) return;
  const replaced = (list, at, value) => list.map((one, place) => (place === at ? value : one));
  if (row < 0) change({ ...table(), header: replaced(header, column, tidy) });
  else change({ ...table(), rows: replaced(rows, row, replaced(rows[row], column, tidy)) });
}

function edit(row, column, beginning = null) {
  const cell = cellAt(row, column);
  if (!cell || cell.querySelector("input")) return;
  const { header, rows } = table();
  const name = header[column] || `column ${column + 1}`;
  const label = row < 0 ? `Heading of column ${column + 1}` : `Row ${row + 1}, ${name}`;
  const field = make("input", { "aria-label": label, class: "gt-edit" });
  field.value = beginning ?? (row < 0 ? header[column] : rows[row][column]);
  cell.replaceChildren(field);
  let open = true;
  const close = (keep) => {
    if (!open) return;
    open = false;
    if (keep) setText(row, column, field.value);
    draw();
  };
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (!["Enter", "Tab", "Escape"].includes(event.key) || event.isComposing) return;
    event.preventDefault();
    close(event.key !== "Escape");
    if (event.key === "Enter") step(1, 0);
    else if (event.key === "Tab") step(0, event.shiftKey ? -1 : 1);
    else focus(row, column);
  });
  field.addEventListener("blur", () => close(true));
  field.focus();
  if (beginning === null) field.select();
}

function step(down, right) {
  const place = state.row < 0 ? -1 : state.order.indexOf(state.row);
  const to = Math.min(Math.max(place + down, -1), state.order.length - 1);
  const column = Math.min(Math.max(state.column + right, 0), table().header.length - 1);
  focus(to < 0 ? -1 : state.order[to], column);
}

function sortBy(column) {
  if (state.sorted !== column) [state.sorted, state.down] = [column, false];
  else if (!state.down) state.down = true;
  else [state.sorted, state.down] = [-1, false];
  sort();
  draw();
  focus(-1, column);
}

const placeOf = (target) => {
  const cell = target.closest("[data-row]");
  return cell && element.contains(cell) ? [Number(cell.dataset.row), Number(cell.dataset.column)] : null;
};

$("table").addEventListener("click", (event) => {
  const place = placeOf(event.target);
  if (!place || event.target.closest("input")) return;
  if (place[0] < 0 && event.detail < 2) sortBy(place[1]);
  else focus(...place);
});
$("table").addEventListener("dblclick", (event) => {
  const place = placeOf(event.target);
  if (place) edit(...place);
});
$("table").addEventListener("keydown", (event) => {
  const place = placeOf(event.target);
  if (!place || event.ctrlKey || event.metaKey || event.altKey) return;
  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const far = { Home: [0, -1e9], End: [0, 1e9], PageUp: [-10, 0], PageDown: [10, 0] };
  const move = moves[event.key] ?? far[event.key];
  if (move) step(...move);
  else if (event.key === "F2" || (event.key === "Enter" && place[0] >= 0)) edit(...place);
  else if (event.key === "Enter" || (event.key === " " && place[0] < 0)) sortBy(place[1]);
  else if (event.key === "Delete" && place[0] >= 0) { setText(...place, ""); focus(...place); }
  else if (event.key.length === 1 && event.key !== " " && place[0] >= 0) edit(...place, event.key);
  else return;
  event.preventDefault();
});
$(".gt-title").addEventListener("change", (event) => change({ ...table(), title: event.target.value.trim() }));
$(".gt-more").addEventListener("click", () => {
  state.drawn += STEP;
  draw();
});
$(".gt-add-row").addEventListener("click", () => {
  const { rows, header } = table();
  change({ ...table(), rows: [...rows, header.map(() => "")] });
  focus(rows.length, 0);
});
$(".gt-add-column").addEventListener("click", () => {
  const { rows, header } = table();
  change({ ...table(), header: [...header, `Column ${header.length + 1}`], rows: rows.map((row) => [...row, ""]) });
  focus(-1, header.length);
});
$(".gt-drop-row").addEventListener("click", () => {
  const { rows } = table();
  const row = Math.max(state.row, 0);
  change({ ...table(), rows: rows.filter((_, place) => place !== row) });
  focus(Math.min(row, rows.length - 2), state.column);
});
$(".gt-drop-column").addEventListener("click", () => {
  const without = (list) => list.filter((_, place) => place !== state.column);
  state.sorted = -1;
  change({ ...table(), header: without(table().header), rows: table().rows.map(without) });
  focus(state.row, state.column);
});
$(".gt-undo").addEventListener("click", () => {
  props.value = state.past.pop();
  state.marks = null;
  if (state.sorted >= table().header.length) state.sorted = -1;
  sort();
  draw();
});

// Cells that are pasted where nothing else takes them are a new table.
document.addEventListener("paste", (event) => {
  if (event.target.closest?.("input, textarea, [contenteditable]")) return;
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!/[\t\n]/.test(text.trim())) return;
  event.preventDefault();
  trigger("submit", { text });
});

document.addEventListener("gentap:marks", (event) => {
  const marks = event.detail;
  state.marks = marks && {
    ...marks,
    rowSet: new Set(marks.rows ?? []),
    columnSet: new Set(marks.columns ?? []),
  };
  const places = [...(marks?.coordinates ?? []), ...(marks?.named ?? [])].filter(([row]) => row >= 0);
  const last = Math.max(-1, ...places.map(([row]) => state.order.indexOf(row)));
  state.drawn = Math.max(state.drawn, Math.ceil((last + 1) / STEP) * STEP);
  draw();
  const first = places[0] && cellAt(...places[0]);
  if (!first) return;
  const [frame, cell] = [$(".gt-scroll"), first];
  const [top, left] = [cell.offsetTop - frame.clientHeight / 2, cell.offsetLeft - frame.clientWidth / 2];
  frame.scrollTo({ top, left, behavior: "instant" });
  if (marks.reveal) element.scrollIntoView({ block: "nearest" });
});

watch("value", () => {
  Object.assign(state, { sorted: -1, down: false, drawn: STEP, row: 0, column: 0, marks: null, past: [] });
  sort();
  draw();
  $(".gt-scroll").scrollTo(0, 0);
});

sort();
draw();
