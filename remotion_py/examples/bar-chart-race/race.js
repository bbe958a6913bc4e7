// A bar chart race, drawn from props: every frame is a pure function of (frame, props).
const population = {
  title: "Where people live",
  subtitle: "Population of the largest countries, in millions",
  source: "Rounded to the million. Data: World Bank.",
  unit: "",
  labels: ["1960", "1970", "1980", "1990", "2000", "2010", "2020"],
  visible: 10,
  rows: [
    { name: "China", color: "#e4572e", values: [667, 818, 981, 1135, 1263, 1338, 1411] },
    { name: "India", color: "#f2a541", values: [446, 546, 687, 864, 1058, 1241, 1396] },
    { name: "United States", color: "#4f8fea", values: [181, 205, 227, 250, 282, 309, 331] },
    { name: "Indonesia", color: "#d64570", values: [88, 115, 148, 182, 214, 244, 272] },
    { name: "Pakistan", color: "#3fae7a", values: [45, 59, 81, 115, 154, 194, 227] },
    { name: "Brazil", color: "#8ac926", values: [73, 96, 122, 150, 175, 196, 213] },
    { name: "Nigeria", color: "#2ec4b6", values: [45, 56, 73, 95, 123, 161, 208] },
    { name: "Bangladesh", color: "#9b5de5", values: [51, 68, 84, 107, 129, 148, 167] },
    { name: "Russia", color: "#7b8cde", values: [120, 130, 139, 148, 147, 143, 144] },
    { name: "Mexico", color: "#c97b4a", values: [36, 50, 68, 82, 98, 113, 126] },
    { name: "Japan", color: "#ef798a", values: [93, 103, 117, 123, 127, 128, 126] },
    { name: "Ethiopia", color: "#f4d35e", values: [22, 28, 35, 48, 67, 89, 117] },
    { name: "Germany", color: "#a7a9be", values: [73, 78, 78, 79, 82, 82, 83] },
  ],
};

const ROW = 70;
const LEFT = 250;
const WIDTH = 1340;
const HOLD = 24; // frames that the last state stays

const $ = (id) => document.getElementById(id);
const lerp = (a, b, t) => a + (b - a) * t;
const smooth = (t) => t * t * (3 - 2 * t);

// Values between two labels move evenly, so that a race reads like a clock.
const valuesAt = (rows, position) => {
  const index = Math.min(Math.floor(position), rows[0].values.length - 2);
  return rows.map(({ values }) => lerp(values[index], values[index + 1], position - index));
};

// A bar's place is its rank, averaged over a short while, so that bars glide past each other instead of jumping.
const placesAt = (rows, position, span) => {
  const places = rows.map(() => 0);
  const samples = 12;
  for (let i = 0; i < samples; i++) {
    const at = Math.max(0, Math.min(rows[0].values.length - 1, position + (i / (samples - 1) - 0.5) * span));
    const values = valuesAt(rows, at);
    values.forEach((value, row) => {
      places[row] += values.filter((other, j) => other > value || (other === value && j < row)).length / samples;
    });
  }
  return places.map((place) => Math.floor(place) + smooth(place - Math.floor(place)));
};

const build = (rows) => {
  $("bars").replaceChildren(
    ...rows.map(({ name, color }) => {
      const bar = document.createElement("div");
      bar.className = "bar";
      bar.innerHTML = '<div class="name"></div><div class="fill"></div><div class="value"></div>';
      bar.querySelector(".name").textContent = name;
      bar.querySelector(".fill").style.background = color;
      return bar;
    }),
  );
};

const niceStep = (max) => {
  const power = 10 ** Math.floor(Math.log10(max / 4));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => max / step <= 6);
};

const drawAxis = (max) => {
  const step = niceStep(max);
  const lines = [];
  for (let value = 0; value <= max; value += step) {
    const line = document.createElement("div");
    line.className = "line";
    line.style.left = `${LEFT + (value / max) * WIDTH}px`;
    line.innerHTML = `<span>${value.toLocaleString("en-US")}</span>`;
    lines.push(line);
  }
  $("axis").replaceChildren(...lines);
};

let built = null;

const render = (frame, props, { durationInFrames }) => {
  const { rows, labels, visible, unit } = props;
  if (built !== props) {
    build(rows);
    built = props;
  }
  const progress = Math.min(1, frame / Math.max(1, durationInFrames - 1 - HOLD));
  const position = progress * (labels.length - 1);
  const values = valuesAt(rows, position);
  const places = placesAt(rows, position, 0.35);
  const max = Math.max(...values) * 1.04;

  $("title").textContent = props.title;
  $("subtitle").textContent = props.subtitle;
  $("source").textContent = props.source;
  $("label").textContent = labels.every((label) => /^\d+$/.test(label))
    ? Math.round(lerp(+labels[Math.floor(position)], +labels[Math.ceil(position)], position % 1))
    : labels[Math.round(position)];
  $("elapsed").style.width = `${progress * 100}%`;
  drawAxis(max);
  [...$("bars").children].forEach((bar, row) => {
    const length = (values[row] / max) * WIDTH;
    bar.style.transform = `translateY(${places[row] * ROW}px)`;
    bar.style.opacity = Math.max(0, Math.min(1, visible - places[row]));
    bar.children[1].style.width = `${length}px`;
    bar.children[2].style.transform = `translateX(${LEFT + length}px)`;
    bar.children[2].textContent = `${Math.round(values[row]).toLocaleString("en-US")}${unit}`;
  });
};

remotionPy.registerComposition({
  id: "race",
  width: 1920,
  height: 1080,
  fps: 30,
  durationInFrames: 300,
  defaultProps: population,
  calculateMetadata: ({ props }) => ({
    durationInFrames: props.seconds ? Math.round(props.seconds * 30) : 300,
  }),
  render,
});
