// The answers, the newest first: sentence, cell, probability, what was cut, time, and two thumbs.
// Given by the page: element, props (value: entries, newest first), server.judge, watch.
"use strict";

const THUMB = "M2 10h4v11H2zM8 21V10l4-8c1.7 0 2.8 1.3 2.5 3L14 9h6c1.300 0 2.200 1.200 1.900 2.500l-2 7.800c-.3 1-1.200 1.700-2.200 1.700z";
const verdicts = new Map(); // what was judged, by the answer's name
let chosen = "";

const make = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
};

function thumb(down) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", THUMB);
  if (down) path.setAttribute("transform", "rotate(180 12 12)");
  picture.append(path);
  return picture;
}

// The sentence with the values that it names marked.
function sentence(answer) {
  const line = make("p", { class: "gt-sentence", dir: "auto" });
  let done = 0;
  const letters = [...answer.sentence]; // spans count characters, not halves of surrogate pairs
  const cut = (start, end) => letters.slice(start, end).join("");
  for (const [start, end] of answer.spans) {
    line.append(cut(done, start), make("mark", { class: "is-named" }, cut(start, end)));
    done = end;
  }
  line.append(cut(done, letters.length));
  if (!answer.sentence) line.append(make("em", {}, "The model wrote nothing."));
  return line;
}

function cellLine(answer) {
  const percent = `${(100 * answer.probability).toFixed(answer.probability < 0.0995 ? 1 : 0)}%`;
  const value = answer.value
    ? make("span", { class: answer.coordinates.length ? "gt-value is-answer" : "gt-value", dir: "auto" }, answer.value)
    : make("em", {}, "nothing");
  const bar = make("span", { class: "gt-bar", "aria-hidden": "true" }, make("span"));
  bar.firstChild.style.width = `${100 * answer.probability}%`;
  return make(
    "p", { class: "gt-cell" },
    make("span", { class: "gt-label" }, "Cell"), " ", value, " ",
    make("span", { class: "gt-where" }, answer.place), " ",
    make("span", { class: "gt-likely", title: "Probability that the cell decoder writes just this" },
      bar, make("span", { class: "gt-percent" }, percent)),
  );
}

function judging(answer) {
  const row = make("div", { class: "gt-judge" });
  const status = make("span", { class: "gt-status", role: "status" }, verdicts.get(answer.id)?.text ?? "");
  const thumbs = ["up", "down"].map((verdict) => {
    const label = verdict === "up" ? "Good answer" : "Bad answer";
    const pressed = verdicts.get(answer.id)?.verdict === verdict;
    const button = make("button", {
      type: "button", class: "gt-thumb", title: label, "aria-label": label, "aria-pressed": String(pressed),
    }, thumb(verdict === "down"));
    button.addEventListener("click", () => judge(verdict, ""));
    return button;
  });
  const field = make("input", { class: "gt-right", "aria-label": "The right answer", dir: "auto",
    placeholder: "What is the right answer? (may be left empty)" });
  const form = make("form", { class: "gt-form", hidden: verdicts.get(answer.id)?.verdict !== "down" },
    field, make("button", { class: "gt-button" }, "Keep"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    judge("down", field.value);
  });

  async function judge(verdict, right) {
    let told;
    try {
      told = await server.judge({ id: answer.id, verdict, right });
    } catch (error) {
      told = { error: "The server can't be reached." };
    }
    status.textContent = told.error ?? told.text;
    status.classList.toggle("is-error", Boolean(told.error));
    if (told.error) return;
    verdicts.set(answer.id, { verdict, text: told.text });
    thumbs.forEach((button, place) => button.setAttribute("aria-pressed", String((place === 0) === (verdict === "up"))));
    form.hidden = verdict === "up" || Boolean(right);
    if (!form.hidden) field.focus();
  }

  row.append(...thumbs, status, form);
  return row;
}

function answerCard(answer, several) {
  const card = make("section", { class: "gt-answer", "data-id": answer.id });
  if (several) card.append(make("h4", { class: "gt-model", dir: "auto" }, answer.model));
  if (answer.error) {
    card.append(make("p", { class: "gt-notice is-error", role: "alert" }, answer.error));
    return card;
  }
  card.append(sentence(answer), cellLine(answer));
  if (answer.cut) card.append(make("p", { class: "gt-cut" }, answer.cut));
  const show = make("button", { type: "button", class: "gt-button gt-show", "aria-pressed": "false" }, "Show in table");
  show.addEventListener("click", () => choose(answer, true));
  const foot = make("div", { class: "gt-foot" }, show, make("span", { class: "gt-time" }, `${answer.seconds} s`));
  foot.append(judging(answer));
  card.append(foot);
  return card;
}

function choose(answer, reveal) {
  chosen = answer?.id ?? "";
  element.querySelectorAll(".gt-answer").forEach((card) => {
    const is = card.dataset.id === chosen && chosen !== "";
    card.classList.toggle("is-shown", is);
    card.querySelector(".gt-show")?.setAttribute("aria-pressed", String(is));
  });
  const detail = answer && !answer.error
    ? { coordinates: answer.coordinates, named: answer.named, rows: answer.rows, columns: answer.columns, reveal }
    : null;
  document.dispatchEvent(new CustomEvent("gentap:marks", { detail }));
}

function draw() {
  const entries = props.value ?? [];
  const cards = entries.map((entry) => make(
    "article", { class: "gt-entry" },
    make("h3", { dir: "auto" }, entry.question),
    make("div", { class: entry.answers.length > 1 ? "gt-side-by-side" : "" },
      ...entry.answers.map((answer) => answerCard(answer, entry.answers.length > 1))),
    ...(entry.reference ? [make("p", { class: "gt-reference", dir: "auto" },
      make("span", { class: "gt-label" }, "Data set's answer "), entry.reference)] : []),
  ));
  element.querySelector(".gt-list").replaceChildren(...cards);
  element.querySelector(".gt-empty").hidden = entries.length > 0;
  choose(entries[0]?.answers.find((answer) => !answer.error) ?? null, false);
}

document.addEventListener("gentap:edited", () => choose(null, false));
watch("value", draw);
draw();
