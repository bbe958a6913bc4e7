// Compositions for tests: a counter that a program can read from decoded frames, and pages that misbehave on purpose.
const BITS = 10;
const canvas = document.getElementById("canvas");
const bits = Array.from({ length: BITS }, () => {
  const bit = document.createElement("div");
  bit.className = "bit";
  canvas.append(bit);
  return bit;
});

const draw = (frame, props, { width, height }) => {
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  bits.forEach((bit, index) => {
    bit.style.left = `${(index * width) / BITS}px`;
    bit.style.width = `${width / BITS}px`;
    bit.style.height = `${height / 2}px`;
    bit.style.background = (frame >> index) & 1 ? "white" : "black";
  });
  document.getElementById("number").textContent = props.text ?? frame;
};

const base = { width: 320, height: 180, fps: 30, durationInFrames: 47 };
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const register = (id, render, more = {}) => remotionPy.registerComposition({ ...base, id, render, ...more });

register("counter", draw, {
  defaultProps: { fps: 30, frames: 47, width: 320, height: 180 },
  calculateMetadata: async ({ props }) => ({
    fps: props.fps, durationInFrames: props.frames, width: props.width, height: props.height,
  }),
});

register("slow", async (frame, props, config) => {
  await sleep(props.pause);
  draw(frame, props, config);
}, { defaultProps: { pause: 50, frames: 40 }, calculateMetadata: ({ props }) => ({ durationInFrames: props.frames }) });

register("throws", (frame, props, config) => {
  if (frame === 3) console.log("drawing");
  if (frame === 3) throw new TypeError("boom at three");
  draw(frame, props, config);
});

register("throws-later", (frame, props, config) => {
  if (frame === 2) console.log("drawing");
  if (frame === 2) setTimeout(() => { throw new Error("a late boom"); }, 0);
  draw(frame, props, config);
  return sleep(20);
});

register("hangs", (frame, props, config) => {
  if (frame === 2) remotionPy.delayRender("waiting for the data");
  draw(frame, props, config);
});

register("cancels", (frame) => {
  if (frame === 1) console.log("drawing");
  if (frame === 1) remotionPy.cancelRender(new Error("the page gave up"));
});

register("alerts", () => alert("hello?"));

register("bad-metadata", draw, {
  calculateMetadata: () => { throw new Error("no metadata today"); },
});

register("dates", (frame, props, config) => {
  draw(frame, { text: props.when instanceof Date ? props.when.getUTCFullYear() : "no date" }, config);
});

register("data", async (frame, props, config) => {
  const answer = await fetch("data.json");
  draw(frame, { text: (await answer.json()).text }, config);
});

register("no-sound-file", draw, { sounds: [{ src: "nothing.wav" }] });

register("no-sound", draw, { sounds: [{ src: "data.json" }] });

register("forbidden-sound", draw, { sounds: [{ src: "http://127.0.0.1:9/x.mp3" }] });

register("odd", draw, { width: 321, height: 181 });

register("fails-by-props", (frame, props, config) => {
  if (props.fail) throw new Error("as asked");
  draw(frame, props, config);
});
