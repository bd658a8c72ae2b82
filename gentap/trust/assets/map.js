// Cells before and after the encoder, as SVG.

const data = JSON.parse(document.getElementById("data").textContent);
const panels = ["before", "after"].map((name) => document.getElementById(name));
const colour = (group) => (group < 0 ? "var(--soft)" : `var(--s${group})`);

/** An element with attributes and children; texts become text nodes, so nothing is ever parsed. */
function make(name, attributes = {}, ...children) {
  const element = name === "circle"
    ? document.createElementNS("http://www.w3.org/2000/svg", name)
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const points = ["before", "after"].map((name, panel) => data[name].map(([x, y], place) => {
  const point = make("circle", { cx: x, cy: y, r: 7, "data-cell": place });
  panels[panel].append(point);
  return point;
}));

function colourBy(choice) {
  const colouring = data.colourings[choice];
  for (const panel of points) {
    panel.forEach((point, place) => { point.style.fill = colour(colouring.of[place]); });
  }
  const groups = colouring.groups.map(([label, count], place) => [place, label, count]);
  if (colouring.others) groups.push([-1, "others", colouring.others]);
  document.getElementById("legend").replaceChildren(...groups.map(([place, label, count]) => make(
    "li", {},
    make("span", { class: "swatch", style: `background: ${colour(place)}` }),
    make("span", { dir: "auto" }, `${label} (${count})`),
  )));
}

let pointed = [];

/** Show a cell with its row, and where it stands in both pictures. */
function tell(place) {
  for (const point of pointed) point.classList.remove("pointed");
  pointed = points.map((panel) => panel[place]);
  for (const [panel, point] of pointed.entries()) {
    point.classList.add("pointed");
    panels[panel].append(point); // above the others
  }
  const cell = data.cells[place];
  const row = cell.row.map(([name, text]) => [
    make("th", { scope: "col", dir: "auto" }, name),
    make("td", { dir: "auto", class: name === cell.column && text === cell.text ? "cell" : "" }, text),
  ]);
  document.getElementById("told").replaceChildren(
    make("p", { dir: "auto" }, make("strong", {}, cell.text), ` · ${cell.column} · ${cell.page}`),
    make("table", {}, make("tr", {}, ...row.map((pair) => pair[0])), make("tr", {}, ...row.map((pair) => pair[1]))),
  );
}

for (const panel of panels) {
  panel.addEventListener("pointerover", (event) => {
    const place = event.target.dataset && event.target.dataset.cell;
    if (place !== undefined) tell(Number(place));
  });
}

const select = document.getElementById("colouring");
select.append(...data.colourings.map((colouring, place) => make("option", { value: place }, colouring.name)));
select.addEventListener("change", () => colourBy(Number(select.value)));
colourBy(0);
