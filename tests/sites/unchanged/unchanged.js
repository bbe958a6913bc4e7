// Pages that stay as they are for most of their frames, and change in a few. They build their elements once.
const FRAMES = 40;
let made = null;
const add = (name, style = "", parent = document.body) => {
  const element = parent.appendChild(document.createElement(name));
  element.style = style;
  return element;
};
const BOX = "position: absolute; left: 20px; top: 20px; width: 100px; height: 100px; background: teal";
const register = (id, build, update) =>
  remotionPy.registerComposition({
    id, width: 200, height: 140, fps: 30, durationInFrames: FRAMES,
    render(frame, props) {
      made ??= build(props);
      return update(made, frame, props);
    },
  });
const box = () => add("div", BOX);
const styled = (id, property, value) => register(id, box, (element, frame) => { element.style[property] = value(frame); });

register("nothing", box, () => {});
styled("steps", "left", (frame) => `${Math.floor(frame / 10) * 20}px`);
styled("moves", "left", (frame) => `${frame}px`);
styled("blink", "visibility", (frame) => (frame === 21 ? "hidden" : "visible"));
styled("opacity", "opacity", (frame) => (frame >= 22 ? 0.98 : 1));
styled("filter", "filter", (frame) => `hue-rotate(${Math.floor(frame / 13) * 90}deg)`);
styled("transform", "transform", (frame) => (frame < 20 ? "translateX(-500px)" : ""));
styled("paused-animation", "animation", (frame) => `turn 4s linear ${-Math.floor(frame / 12)}s paused`);
styled("subpixel", "left", (frame) => `${20 + (frame >= 25 ? 0.5 : 0)}px`);

register("one-pixel", box, (element, frame) => {
  if (frame === 27) add("div", "position: absolute; right: 0; bottom: 0; width: 1px; height: 1px; background: red");
});
register("caret", () => {
  const field = add("textarea", "position: absolute; left: 10px; top: 10px; width: 160px; caret-animation: manual");
  field.value = "caret";
  return field;
}, (field, frame) => {
  field.focus();
  field.setSelectionRange(0, Math.floor(frame / 15));
});
register("canvas", () => Object.assign(add("canvas"), { width: 200, height: 140 }).getContext("2d"), (context, frame) => {
  if (frame % 11) return;
  context.fillStyle = `rgb(${frame * 5}, 90, 120)`;
  context.fillRect(frame, 10, 60, 60);
});
register("webgl", () => Object.assign(add("canvas"), { width: 200, height: 140 }).getContext("webgl"), (gl, frame) => {
  if (frame !== 0 && frame !== 36) return; // after it was verified that it stays as it is
  gl.clearColor(frame ? 1 : 0, 0.5, 0.5, 1);
  gl.clear(gl.COLOR_BUFFER_BIT);
});
register("inner-page", () => {
  const frame = add("iframe", "border: 0; width: 200px; height: 140px");
  frame.srcdoc = "<body style='background: teal'></body>";
  return new Promise((resolve) => { frame.onload = () => resolve(frame); });
}, async (frame, number) => {
  made = await frame;
  made.contentDocument.body.style.background = number >= 36 ? "red" : "teal";
});
register("shadow", () => {
  const root = add("div").attachShadow({ mode: "closed" });
  return add("div", BOX, root);
}, (element, frame) => { element.textContent = Math.floor(frame / 14); });
register("scroll", () => {
  return add("div", "height: 1000px; background: linear-gradient(red, blue)");
}, (_, frame) => { window.scrollTo(0, Math.floor(frame / 9) * 50); });
register("svg", () => {
  const svg = add("div");
  svg.innerHTML = "<svg width='200' height='140'><circle cx='70' cy='70' r='40' fill='teal' /></svg>";
  return svg.querySelector("circle");
}, (circle, frame) => { if (frame === 18) circle.setAttribute("r", 41); });

// What runs by the clock ends in the same picture, whenever its frames are drawn.
const late = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
register("css-animation", () => {
  const element = add("div", BOX);
  element.animate({ background: ["red", "lime"] }, { duration: 200, fill: "forwards" });
  return element;
}, (_, frame) => frame === 25 && late(400));
register("timer", () => {
  const element = add("div", BOX);
  setTimeout(() => { element.style.background = "lime"; }, 200);
  return element;
}, (_, frame) => frame === 25 && late(400));
register("gif", (props) => Object.assign(add("img", "width: 200px"), { src: props.gif }), (_, frame) => frame === 25 && late(900));
