// Scores by group and training curves, as SVG.

const SVG = "http://www.w3.org/2000/svg";
const number = new Intl.NumberFormat("en");

/** An element with attributes and children; texts become text nodes, so nothing is ever parsed. */
function make(name, attributes = {}, ...children) {
  const drawn = ["svg", "g", "line", "rect", "text", "path", "circle", "title"].includes(name);
  const element = drawn ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

const colour = (system) => `var(--s${system % 6})`;

/** A round number at or above the value, and how far its lines are apart. */
function scale(highest) {
  const size = 10 ** Math.floor(Math.log10(highest || 1));
  const step = [0.2, 0.5, 1, 2].map((part) => part * size).find((part) => highest / part <= 5) || size * 2;
  return { top: Math.max(step, Math.ceil(highest / step - 1e-9) * step), step };
}

const shown = (value) => String(Number(value.toPrecision(6)));

function axis(svg, frame, range, bottom = 0) {
  for (let value = bottom; value <= range.top + range.step / 1e6; value += range.step) {
    const y = frame.y(value);
    svg.append(
      make("line", { class: "grid", x1: frame.left, x2: frame.right, y1: y, y2: y }),
      make("text", { class: "soft", x: frame.left - 6, y: y + 4, "text-anchor": "end" }, shown(value)),
    );
  }
}

function legend(list, systems) {
  list.replaceChildren(...systems.map((name, place) => make(
    "li", {},
    make("span", { class: "swatch", style: `background: ${colour(place)}` }),
    make("span", { dir: "auto" }, name),
  )));
  list.hidden = systems.length < 2;
}

/** Bars of one grouping: a bar a system in each group, its interval, the number of examples. */
function groupChart(grouping, metric, systems, range, chosen, onChoose) {
  const scores = grouping.scores[metric.name];
  const width = Math.max(480, 46 + 56 * grouping.labels.length);
  const [height, left, right, top, bottom] = [236, 34, width - 8, 10, 190];
  const frame = { left, right, y: (value) => bottom - (bottom - top) * value / range.top };
  const title = `${metric.title} by ${grouping.title}`;
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": title });
  axis(svg, frame, range);
  const slot = (right - left) / grouping.labels.length;
  const bar = Math.min(34, slot * 0.72 / systems.length);
  grouping.labels.forEach((label, place) => {
    const middle = left + slot * (place + 0.5);
    const said = systems.map((name, system) => scores[system][place]
      ? `${name} ${scores[system][place][0].toFixed(1)}` : "").filter(Boolean).join(", ");
    const group = make(
      "g",
      { class: "group", role: "button", tabindex: 0, "aria-pressed": chosen === place,
        "aria-label": `${label}: ${said}; ${number.format(grouping.counts[place])} examples` },
      make("rect", { class: "field", x: left + slot * place, y: top - 6, width: slot, height: height - top }),
    );
    systems.forEach((name, system) => {
      const score = scores[system][place];
      if (!score) return;
      const [value, low, high] = score;
      const x = middle + bar * (system - systems.length / 2);
      group.append(make(
        "rect",
        { x: x + 1, y: frame.y(value), width: bar - 2, height: bottom - frame.y(value), fill: colour(system) },
        make("title", {}, `${name}: ${value.toFixed(1)} [${low.toFixed(1)}, ${high.toFixed(1)}]`),
      ), make("line", {
        class: "whisker", x1: x + bar / 2, x2: x + bar / 2, y1: frame.y(low), y2: frame.y(high),
      }));
    });
    group.append(
      make("text", { x: middle, y: bottom + 18, "text-anchor": "middle" }, label),
      make("text", { class: "soft", x: middle, y: bottom + 34, "text-anchor": "middle" },
        `n=${number.format(grouping.counts[place])}`),
    );
    group.addEventListener("click", () => onChoose(place));
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); onChoose(place); }
    });
    svg.append(group);
  });
  svg.append(make("line", { stroke: "currentColor", x1: left, x2: right, y1: bottom, y2: bottom }));
  return make("figure", { id: `chart-${grouping.name}` },
    make("figcaption", {}, title), svg, numbers(grouping, scores, systems));
}

/** The same numbers as a table. */
function numbers(grouping, scores, systems) {
  const row = (place) => make("tr", {},
    make("th", { scope: "row" }, grouping.labels[place]),
    make("td", {}, number.format(grouping.counts[place])),
    ...systems.map((name, system) => {
      const score = scores[system][place];
      return make("td", {}, score
        ? `${score[0].toFixed(1)} [${score[1].toFixed(1)}, ${score[2].toFixed(1)}]` : "");
    }));
  const head = ["", "examples", ...systems].map((name) => make("th", { scope: "col" }, name));
  return make("details", {}, make("summary", {}, "Numbers"), make("div", { class: "scroll" },
    make("table", {}, make("thead", {}, make("tr", {}, ...head)),
      make("tbody", {}, ...grouping.labels.map((label, place) => row(place))))));
}

/** Loss by step of one model: solid in training, dashed on dev. */
function curveChart(curve) {
  const lines = [["loss", ""], ["dev", " dev"]].filter(([name]) => curve[name].length);
  const points = lines.flatMap(([name]) => curve[name]);
  const last = Math.max(...points.map((point) => point[0]));
  const losses = points.map((point) => point[1]);
  const range = scale(Math.max(...losses));
  const [width, height, left, right, top, bottom] = [480, 236, 40, 472, 10, 190];
  const frame = { left, right, y: (value) => bottom - (bottom - top) * value / range.top };
  const x = (step) => left + (right - left) * step / (last || 1);
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `Loss of ${curve.system} over ${last} steps` });
  axis(svg, frame, range);
  for (const [name, style] of lines) {
    const path = curve[name].map(([step, loss], place) =>
      `${place ? "L" : "M"}${x(step).toFixed(1)} ${frame.y(loss).toFixed(1)}`).join("");
    svg.append(make("path", { class: `curve${style}`, d: path, stroke: name === "dev" ? "var(--curve-dev)" : "var(--curve)" }));
    for (const [step, loss] of name === "dev" ? curve[name] : []) {
      svg.append(make("circle", { cx: x(step), cy: frame.y(loss), r: 3, fill: "var(--curve-dev)" },
        make("title", {}, `step ${step}: ${loss.toFixed(3)}`)));
    }
  }
  const steps = scale(last);
  for (let step = 0; step <= last; step += steps.step) {
    svg.append(make("text", { class: "soft", x: x(step), y: bottom + 18, "text-anchor": "middle" }, shown(step)));
  }
  svg.append(
    make("line", { stroke: "currentColor", x1: left, x2: right, y1: bottom, y2: bottom }),
    make("text", { class: "soft", x: (left + right) / 2, y: bottom + 36, "text-anchor": "middle" }, "steps"),
  );
  const end = lines.map(([name]) => {
    const [step, loss] = curve[name].at(-1);
    return `${name === "dev" ? "dev" : "training"} ${loss.toFixed(3)} at step ${number.format(step)}`;
  }).join(", ");
  return make("figure", {}, make("figcaption", { dir: "auto" }, `Loss of ${curve.system}`), svg,
    make("p", { class: "hint" }, lines.length > 1 ? `Solid: training; dashed: dev. Last: ${end}.` : `Last: ${end}.`));
}

/** A metric by the share of cells that were spoiled, a line for each kind of noise. */
function noiseChart(curves, metric) {
  const drawn = curves.filter((curve) => curve.points[metric.name]);
  if (!drawn.length) return null;
  const points = drawn.flatMap((curve) => curve.points[metric.name]);
  const last = Math.max(...points.map((point) => point[0]));
  const range = scale(Math.max(1, ...points.map((point) => point[3])));
  const [width, height, left, right, top, bottom] = [480, 236, 40, 472, 10, 190];
  const frame = { left, right, y: (value) => bottom - (bottom - top) * value / range.top };
  const x = (level) => left + (right - left) * level / (last || 1);
  const title = `${metric.title} by share of spoiled cells`;
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
  axis(svg, frame, range);
  drawn.forEach((curve, place) => {
    const path = curve.points[metric.name].map(([level, score], step) =>
      `${step ? "L" : "M"}${x(level).toFixed(1)} ${frame.y(score).toFixed(1)}`).join("");
    svg.append(make("path", { class: "curve", d: path, stroke: colour(place) }));
    for (const [level, score, low, high] of curve.points[metric.name]) {
      svg.append(
        make("line", { class: "whisker", x1: x(level), x2: x(level), y1: frame.y(low), y2: frame.y(high) }),
        make("circle", { cx: x(level), cy: frame.y(score), r: 3, fill: colour(place) },
          make("title", {}, `${curve.kind} ${shown(level)}%: ${score.toFixed(1)} [${low.toFixed(1)}, ${high.toFixed(1)}]`)),
      );
    }
  });
  for (const level of new Set(points.map((point) => point[0]))) {
    svg.append(make("text", { class: "soft", x: x(level), y: bottom + 18, "text-anchor": "middle" }, `${shown(level)}%`));
  }
  svg.append(make("line", { stroke: "currentColor", x1: left, x2: right, y1: bottom, y2: bottom }));
  const list = make("ul", { class: "legend" });
  legend(list, drawn.map((curve) => curve.kind));
  return make("figure", { id: "chart-noise" }, make("figcaption", {}, title), svg, list,
    make("p", { class: "hint" }, "Each kind by itself. Whiskers: 95% intervals."));
}
