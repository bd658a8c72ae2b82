// One example as a card: answers beside one another, what differs, and the table.

const ROWS_UNFOLDED = 10;
const BRIEF = new Set(["bleu", "rougeL", "meteor", "parent", "exact_match", "denotation_accuracy"]);

function text(content) {
  return make("span", { dir: "auto" }, content);
}

/** A paragraph of the runs of `compareWords`, those that differ within `mark` elements. */
function marked(content, parts, mark) {
  const paragraph = make("p", { dir: "auto" });
  if (!content) {
    paragraph.className = "empty";
    paragraph.append("empty");
  } else if (!parts) {
    paragraph.append(content);
  } else {
    for (const [run, common] of parts) paragraph.append(common ? run : make(mark, {}, run));
  }
  return paragraph;
}

/** A few scores of one prediction, the chosen metric's among them. */
function scoreText(data, example, system, chosen) {
  return data.metrics
    .filter((metric) => metric.name in example.scores && (BRIEF.has(metric.name) || metric.name === chosen))
    .map((metric) => [metric.title, example.scores[metric.name][system]])
    .filter(([, value]) => value !== null)
    .map(([title, value]) => `${title} ${value.toFixed(0)}`).join(" · ");
}

/** Reference and predictions; the reference marks what the system under the pointer leaves out. */
function answers(data, example, metric) {
  const columns = data.systems.length === 3 ? 2 : Math.min(3, data.systems.length + 1);
  const box = make("div", { class: "answers", style: `--columns: ${columns}` });
  const reference = make("div", { class: "reference" });
  const compared = example.said.map((said) => compareWords(example.references[0], said));
  const mark = (system) => reference.replaceChildren(
    make("div", { class: "label" }, make("b", {}, "Reference"),
      data.systems.length > 1 ? make("span", {}, "against ", text(data.systems[system])) : ""),
    marked(example.references[0], compared[system] && compared[system][0], "del"),
    ...example.references.slice(1).map((other) => marked(other, null, "")),
  );
  mark(0);
  box.append(reference);
  example.said.forEach((said, system) => {
    const cut = example.cut && example.cut[system];
    const block = make(
      "div", { class: "prediction", style: `border-color: ${colour(system)}` },
      make("div", { class: "label" }, make("b", { dir: "auto" }, data.systems[system]),
        make("span", {}, scoreText(data, example, system, metric))),
      marked(said, compared[system] && compared[system][1], "ins"),
      cut ? make("p", { class: "note" },
        `Cut after ${number.format(said.length)} of ${number.format(cut)} characters.`) : "",
      said && !compared[system]
        ? make("p", { class: "note" }, "Too long to mark what differs.") : "",
    );
    if (data.systems.length > 1) {
      block.tabIndex = 0;
      for (const event of ["focus", "pointerenter"]) block.addEventListener(event, () => mark(system));
    }
    box.append(block);
  });
  return box;
}

/** Rows to draw while the table is folded: those with marks, their neighbours, the first ones. */
function unfolded(table, marks) {
  const all = table.rows.map((row, place) => place);
  if (table.rows.length <= ROWS_UNFOLDED) return all;
  const marked = new Set([...marks.keys()].map((key) => Number(key.split(",")[0])));
  return all.filter((row) => marked.size
    ? marked.has(row) || marked.has(row - 1) || marked.has(row + 1)
    : row < ROWS_UNFOLDED - 2);
}

/** Classes of the cells that carry a mark, by "row,column". */
function cellMarks(example) {
  const marks = new Map();
  const add = (cells, name) => (cells || []).forEach(([row, column]) => {
    const key = `${row},${column}`;
    marks.set(key, [...(marks.get(key) || []), name]);
  });
  add(example.cells, "evidence");
  add(example.answer, "answer");
  add(example.picked, "said-cell");
  return marks;
}

const HEADER_ROW = -1;
const MARK_NAMES = { evidence: "evidence", answer: "answer", "said-cell": "predicted" };

function drawTable(data, example) {
  const table = data.tables[example.table];
  const marks = cellMarks(example);
  const title = [table.title, table.section, table.caption].filter(Boolean).join(" – ");
  const figure = make("figure", {}, title ? make("figcaption", { dir: "auto" }, title) : "");
  const body = make("tbody");
  const width = table.header.length + 1;
  const draw = (tag, more, text, place, column) => {
    const names = marks.get(`${place},${column}`) || [];
    const drawn = make(tag, { ...more, dir: "auto", class: names.join(" ") || null }, text);
    if (names.length) {
      const spoken = names.map((name) => MARK_NAMES[name]).join(", ");
      drawn.append(make("span", { class: "hidden-text" }, ` (${spoken})`));
    }
    return drawn;
  };
  const row = (cells, place) => make(
    "tr", {}, make("td", { class: "number" }, number.format(((table.places || {})[place] ?? place) + 1)),
    ...cells.map((cell, column) => draw("td", {}, cell, place, column)),
  );
  const fill = (places) => {
    const lines = [];
    let next = 0;
    const gap = (until) => {
      if (until <= next) return;
      const left = `${number.format(until - next)} more ${until - next > 1 ? "rows" : "row"}`;
      const button = make("button", { type: "button", class: "unfold" }, `… ${left}`);
      button.addEventListener("click", () => { unfold(); body.parentElement.parentElement.focus(); });
      lines.push(make("tr", { class: "gap" }, make("td", { colspan: width, "data-left": `… ${left}` }, button)));
    };
    for (const place of places) {
      gap(place);
      lines.push(row(table.rows[place], place));
      next = place + 1;
    }
    gap(table.rows.length);
    body.replaceChildren(...lines);
  };
  const unfold = () => fill(table.rows.map((cells, place) => place));
  fill(unfolded(table, marks));
  const head = make("tr", {}, make("th", { class: "number", scope: "col" }, make("span", { class: "hidden-text" }, "row")),
    ...table.header.map((name, column) => draw("th", { scope: "col" }, name, HEADER_ROW, column)));
  figure.append(make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title || "Table" },
    make("table", {}, make("thead", {}, head), body)));
  if (table.left) figure.append(make("p", { class: "note" }, table.left));
  figure.unfold = unfold;
  return figure;
}

const NARROW = matchMedia("(max-width: 40rem)");

/** On a narrow screen a table is folded below its example; elsewhere it is itself. */
function folded(figure) {
  if (!NARROW.matches) return figure;
  return make("details", { class: "folded" }, make("summary", {}, "Table"), figure);
}

function card(data, example, place, metric) {
  const link = make("a", { href: `#id=${encodeURIComponent(example.id)}` }, text(example.id));
  const article = make("article", { tabindex: -1, "data-place": place, "aria-label": `Example ${place + 1}` },
    make("header", {}, make("span", {}, `${number.format(place + 1)} of ${number.format(data.examples.length)}`),
      link, make("span", {}, example.kind === "cell" ? "cell answer" : "")),
    make("h3", { dir: "auto" }, example.question || "(no question)"),
    answers(data, example, metric));
  if (example.table !== null) article.append(folded(drawTable(data, example)));
  return article;
}
