// The page: charts, filters, and the list of examples a page at a time.

const PAGE = 20;
const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const state = { search: "", metric: data.metric, sort: "", page: 0, id: "" };
const choices = [];
let found = [];
let haystacks = null;

const metricNamed = (name) => data.metrics.find((metric) => metric.name === name) || data.metrics[0];

/** The filters: each a name, a title, its options and whether an example passes an option. */
function listChoices() {
  for (const grouping of data.groupings) {
    choices.push({
      name: grouping.name, title: grouping.title,
      options: grouping.labels.map((label, place) => `${label} (${number.format(grouping.counts[place])})`),
      pass: (example, option) => example.groups[grouping.name] === option,
    });
  }
  const kinds = ["long", "cell"].filter((kind) => data.examples.some((example) => example.kind === kind));
  if (kinds.length > 1) {
    choices.push({ name: "kind", title: "answer", options: ["sentence", "cell"],
      pass: (example, option) => example.kind === ["long", "cell"][option] });
  }
  if (data.metrics.length) {
    choices.push({ name: "score", title: "score", options: ["0", "under 25", "25 to 50", "50 to 75", "75 to 100", "100"],
      pass: (example, option) => (example.scores[state.metric] || []).some((value) => value !== null && (
        option === 0 ? value === 0 : option === 5 ? value >= 100
          : value >= [0, 0, 25, 50, 75][option] && value < [0, 25, 50, 75, 100.01][option])) });
  }
  const special = [
    ["an empty prediction", (example) => example.said.some((said) => !said.trim())],
    ["a prediction equal to the reference", (example) => example.said.some((said) => example.references.includes(said))],
    ["a prediction cut here", (example) => Boolean(example.cut)],
  ];
  if (data.systems.length > 1) {
    special.push(["predictions that differ", (example) => new Set(example.said).size > 1]);
  }
  const there = special.filter(([, pass]) => data.examples.some(pass));
  if (there.length) {
    choices.push({ name: "only", title: "with", options: there.map(([title]) => title),
      pass: (example, option) => there[option][1](example) });
  }
  for (const choice of choices) state[choice.name] = "";
}

const SORTS = [["", "order of the data"], ["worst", "lowest score first"], ["best", "highest score first"]];

const mean = (values) => {
  const known = (values || []).filter((value) => value !== null);
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
};
const spread = (values) => {
  const known = (values || []).filter((value) => value !== null);
  return known.length > 1 ? Math.max(...known) - Math.min(...known) : null;
};

function buildFilters() {
  const select = (name, title, options) => make("label", {}, make("span", {}, title), " ", make("select", { name, id: `filter-${name}` }, ...options));
  for (const choice of choices) {
    at("selects").append(select(choice.name, choice.title, [make("option", { value: "" }, "all"),
      ...choice.options.map((option, place) => make("option", { value: place }, option))]));
  }
  if (data.metrics.length) {
    const sorts = data.systems.length > 1 ? [...SORTS, ["apart", "systems furthest apart first"]] : SORTS;
    at("selects").append(select("sort", "sort", sorts.map(([value, title]) => make("option", { value }, title))));
  }
  at("metric").append(...data.metrics.map((metric) => make("option", { value: metric.name }, metric.title)));
}

/** The examples that pass every filter, sorted. */
function choose() {
  const wanted = state.search.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length && !haystacks) {
    haystacks = data.examples.map((example) => {
      const table = example.table === null ? {} : data.tables[example.table];
      return [example.id, example.question, ...example.references, ...example.said,
        table.title, table.section, table.caption].join("\n").toLowerCase();
    });
  }
  const set = choices.filter((choice) => state[choice.name] !== "");
  found = [];
  data.examples.forEach((example, place) => {
    if (state.id && example.id !== state.id) return;
    if (!set.every((choice) => choice.pass(example, Number(state[choice.name])))) return;
    if (wanted.every((word) => haystacks[place].includes(word))) found.push(place);
  });
  if (state.sort) {
    const value = (place) => (state.sort === "apart" ? spread : mean)(data.examples[place].scores[state.metric]);
    const sign = state.sort === "worst" ? 1 : -1;
    const keys = new Map(found.map((place) => [place, value(place)]));
    found = found.filter((place) => keys.get(place) !== null)
      .sort((a, b) => sign * (keys.get(a) - keys.get(b)) || a - b);
  }
}

function drawCharts() {
  const metric = metricNamed(state.metric);
  const groupings = data.groupings.filter((grouping) => grouping.scores[metric?.name]);
  const highest = groupings.flatMap((grouping) => grouping.scores[metric.name].flat()).map((score) => score ? score[2] : 0);
  const range = scale(Math.max(1, ...highest));
  at("charts").replaceChildren(...groupings
    .map((grouping) => groupChart(grouping, metric, data.systems, range,
      state[grouping.name] === "" ? -1 : Number(state[grouping.name]), (place) => {
        const value = String(place);
        change({ [grouping.name]: state[grouping.name] === value ? "" : value });
        at(`chart-${grouping.name}`).querySelectorAll(".group")[place].focus({ preventScroll: true });
      })));
}

function drawNoise() {
  const metric = metricNamed(state.metric);
  const chart = metric && noiseChart(data.noise, metric);
  at("noise").hidden = !chart;
  if (chart) at("noise-chart").replaceChildren(chart);
}

function drawList() {
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  state.page = Math.min(Math.max(0, state.page), pages - 1);
  const from = state.page * PAGE;
  at("list").replaceChildren(...found.slice(from, from + PAGE).map((place) => card(data, data.examples[place], place, state.metric)));
  const total = `${number.format(data.examples.length)} examples`;
  at("status").textContent = found.length === data.examples.length
    ? total : `${number.format(found.length)} of ${total}`;
  at("page").textContent = `page ${number.format(state.page + 1)} of ${number.format(pages)}`;
  at("previous").disabled = state.page === 0;
  at("next").disabled = state.page === pages - 1;
}

function showControls() {
  at("search").value = state.search;
  at("metric").value = state.metric;
  const score = at("filter-score");
  if (score) score.parentElement.firstChild.textContent = metricNamed(state.metric).title;
  for (const select of at("selects").querySelectorAll("select")) {
    select.value = state[select.name];
    select.classList.toggle("set", state[select.name] !== "");
  }
}

/** New settings of the list; they go into the address, so that a view can be linked. */
function change(settings, remember = true) {
  Object.assign(state, { page: 0, id: "" }, settings);
  if (state.search && state.id) state.id = "";
  if (remember) {
    const kept = Object.entries(state).filter(([name, value]) => value && !(name === "metric" && value === data.metric));
    history.replaceState(null, "", `#${new URLSearchParams(kept)}`);
  }
  showControls();
  drawCharts();
  drawNoise();
  choose();
  drawList();
}

function fromAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const known = Object.keys(state).filter((name) => given.has(name));
  if (!known.length) return {};
  const blank = Object.fromEntries(Object.keys(state).map((name) => [name, ""]));
  const read = { ...blank, metric: data.metric, page: 0 };
  for (const name of known) read[name] = name === "page" ? Number(given.get(name)) || 0 : given.get(name);
  for (const choice of choices) {
    if (!(Number(read[choice.name]) in choice.options)) read[choice.name] = "";
  }
  read.metric = metricNamed(read.metric)?.name || "";
  if (!SORTS.some(([value]) => value === read.sort) && read.sort !== "apart") read.sort = "";
  return read;
}

function turn(by) {
  const page = state.page + by;
  if (page < 0 || page * PAGE >= found.length) return;
  change({ page, id: state.id });
  at("examples").scrollIntoView();
}

/** Focus the next or the previous card. */
function step(by) {
  const cards = [...at("list").children];
  const here = cards.indexOf(document.activeElement?.closest?.("article"));
  const to = cards[here < 0 ? (by > 0 ? 0 : cards.length - 1) : here + by];
  if (to) { to.focus({ preventScroll: true }); to.scrollIntoView(); } else if (here >= 0) turn(by);
}

const KEYS = {
  "/": () => at("search").focus(),
  j: () => step(1),
  k: () => step(-1),
  n: () => turn(1),
  p: () => turn(-1),
  t: () => {
    const article = document.activeElement?.closest?.("article");
    const fold = article?.querySelector("details.folded");
    if (fold) fold.open = true;
    article?.querySelector("figure")?.unfold();
  },
};

function listen() {
  let waiting = 0;
  at("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => change({ search: at("search").value }), 120);
  });
  at("selects").addEventListener("change", (event) => change({ [event.target.name]: event.target.value }));
  at("metric").addEventListener("change", () => change({ metric: at("metric").value, page: state.page, id: state.id }));
  at("filters").addEventListener("submit", (event) => event.preventDefault());
  at("filters").addEventListener("reset", (event) => {
    event.preventDefault();
    const blank = Object.fromEntries(["search", "sort", ...choices.map((choice) => choice.name)].map((name) => [name, ""]));
    change(blank);
  });
  at("previous").addEventListener("click", () => turn(-1));
  at("next").addEventListener("click", () => turn(1));
  addEventListener("hashchange", () => {
    const read = fromAddress();
    if (Object.keys(read).length) { change(read, false); at("examples").scrollIntoView(); }
  });
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea");
    if (event.key === "Escape" && typing) typing.blur();
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
    event.preventDefault();
    KEYS[event.key]();
  });
}

const FEW_COLUMNS = 6;

/** Boxes that hide columns of the tables of scores, where there are many. */
function chooseColumns() {
  if (data.metrics.length <= FEW_COLUMNS) return;
  const cells = (title) => [...document.querySelectorAll("table.scores")].flatMap((table) => {
    const heads = [...table.querySelectorAll("thead th")];
    const place = heads.findIndex((head) => head.textContent === title);
    return place < 0 ? [] : [...table.rows].map((row) => row.cells[place]);
  });
  const boxes = data.metrics.map(({ title }) => {
    const box = make("input", { type: "checkbox", checked: "" });
    box.addEventListener("change", () => cells(title).forEach((cell) => { cell.hidden = !box.checked; }));
    return make("label", {}, box, ` ${title}`);
  });
  document.querySelector("table.scores").parentElement.after(
    make("details", { class: "columns" }, make("summary", {}, "Columns"), ...boxes));
}

function start() {
  at("groups").hidden = !data.groupings.length || !data.metrics.length;
  at("training").hidden = !data.curves.length;
  at("examples").hidden = !data.examples.length;
  for (const link of document.querySelectorAll("nav a")) {
    link.hidden = document.querySelector(link.hash).hidden;
  }
  at("answer-mark").hidden = !data.examples.some((example) => example.answer);
  at("said-mark").hidden = !data.examples.some((example) => example.picked);
  legend(at("legend"), data.systems);
  at("curves").replaceChildren(...data.curves.map(curveChart));
  chooseColumns();
  listChoices();
  buildFilters();
  listen();
  change(fromAddress(), false);
}

start();
