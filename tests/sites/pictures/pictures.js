// Pages whose pictures reach the display by ways of their own: every frame shows its number, as a colour or as the
// picture of a video. 0.png to 4.png are of the colours that a test gives them.
const base = { width: 320, height: 180, fps: 30, durationInFrames: 10 };
const register = (id, render) => remotionPy.registerComposition({ ...base, id, render });
const video = () => Object.assign(document.createElement("video"), { src: "counter.mp4", muted: true, preload: "auto" });
const happened = (target, event) => new Promise((resolve) => target.addEventListener(event, resolve, { once: true }));
const colour = (frame) => `rgb(${20 * frame + 40}, 200, 50)`;
let made = null;

const seekTo = async (element, frame) => {
  if (element.readyState < 2) await happened(element, "loadeddata");
  const sought = happened(element, "seeked");
  element.currentTime = (frame + 0.5) / 30;
  await sought;
};

register("seeks-twice", async (frame) => {
  if (!made) document.body.append((made = video()));
  await seekTo(made, frame + 7);
  await seekTo(made, frame);
});

register("in-a-shadow", async (frame) => {
  if (!made) {
    const host = document.body.appendChild(document.createElement("div"));
    host.attachShadow({ mode: "closed" }).append((made = video()));
  }
  await seekTo(made, frame + 7);
  await seekTo(made, frame);
});

register("in-a-frame", async (frame) => {
  if (!made) {
    const inner = document.body.appendChild(document.createElement("iframe"));
    inner.style = "border: 0; width: 320px; height: 180px";
    inner.srcdoc = "<body style='margin: 0'><video src='counter.mp4' muted preload='auto'></video></body>";
    await happened(inner, "load");
    made = inner.contentDocument.querySelector("video");
  }
  await seekTo(made, frame + 7);
  await seekTo(made, frame);
});

register("drawn-to-a-canvas", async (frame) => {
  if (!made) {
    made = video();
    document.body.innerHTML = '<canvas width="320" height="180"></canvas>';
  }
  await seekTo(made, frame);
  document.querySelector("canvas").getContext("2d").drawImage(made, 0, 0);
});

const transferred = () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 180 });
  document.body.append(canvas);
  return canvas.transferControlToOffscreen();
};

register("offscreen", (frame) => {
  made ??= transferred().getContext("2d");
  made.fillStyle = colour(frame);
  made.fillRect(0, 0, 320, 180);
});

register("offscreen-webgl", (frame) => {
  made ??= transferred().getContext("webgl");
  made.clearColor((20 * frame + 40) / 255, 200 / 255, 50 / 255, 1);
  made.clear(made.COLOR_BUFFER_BIT);
});

register("offscreen-in-a-worker", async (frame) => {
  let canvas;
  if (!made) {
    const code = `let context; onmessage = ({ data }) => {
      context ??= data.canvas.getContext("2d");
      context.fillStyle = data.colour;
      context.fillRect(0, 0, 320, 180);
      postMessage("drawn");
    };`;
    made = new Worker(URL.createObjectURL(new Blob([code])));
    canvas = transferred();
  }
  const drawn = happened(made, "message");
  made.postMessage({ canvas, colour: colour(frame) }, canvas ? [canvas] : []);
  await drawn;
});

const picture = (frame) => `${frame % 5}.png?${frame}`;

register("image", (frame) => {
  if (!made) document.body.append((made = new Image(320, 180)));
  made.src = picture(frame);
});

register("lazy-image", (frame) => {
  document.body.innerHTML = `<img loading="lazy" decoding="async" width="320" height="180" src="${picture(frame)}" />`;
});

register("background", (frame) => {
  document.body.innerHTML = `<div style="height: 180px; background: url(${picture(frame)})"></div>`;
});

register("svg-image", (frame) => {
  document.body.innerHTML = `<svg width="320" height="180"><image href="${picture(frame)}" width="320" height="180" /></svg>`;
});

register("stylesheet", (frame) => {
  document.body.innerHTML = `<link rel="stylesheet" href="style-${frame}.css" /><div style="height: 180px"></div>`;
});

register("sound-played", async (frame) => {
  const audio = new Audio("noise.wav");
  await audio.play();
  audio.pause();
  const context = new AudioContext();
  await context.resume();
  if (context.state === "running") document.body.style.background = colour(frame);
  await context.close();
});

register("reloads", (frame) => {
  if (frame === 2) location.reload();
});

register("leaves", (frame) => {
  if (frame === 2) location.href = "0.png";
});

register("inner-page", (frame) => {
  document.body.innerHTML = `<iframe src="inner-${frame}.html" style="border: 0; width: 320px; height: 180px"></iframe>`;
});

register("svg-use", (frame) => {
  document.body.innerHTML = `<svg width="320" height="180"><use href="use-${frame}.svg#it"></use></svg>`;
});

register("seeks-unawaited", (frame) => {
  made ??= document.body.appendChild(video());
  made.currentTime = (frame + 0.5) / 30;
});

register("own-globals", (frame) => {
  window.scheduler = { postTask: () => { throw new Error("not this one"); } };
  window.requestAnimationFrame = () => 0;
  window.setTimeout = () => 0;
  performance.now = () => 0;
  document.body.innerHTML = '<form name="querySelectorAll"></form>';
  document.body.style.background = colour(frame);
});

register("polls", (frame) => {
  if (!made) {
    made = document.body.appendChild(new Image());
    let count = 0;
    let pending = 0; // at most four: more than the server answers would make a queue without end
    setInterval(() => {
      if (pending === 4) return;
      pending += 1;
      const image = new Image();
      image.onload = image.onerror = () => { pending -= 1; };
      image.src = `4.png?poll${count++}`;
    }, 10);
    setInterval(() => { made.src = `4.png?shown${count++}`; }, 10);
  }
});

register("missing", (frame) => {
  document.body.innerHTML = `<img src="nothing.png" /> ${frame}`;
});

register("never", (frame) => {
  document.body.innerHTML = `<img src="never.png" /> ${frame}`;
});

register("moving-line", (frame) => {
  made ??= document.body.innerHTML = '<svg width="320" height="180"><g><path d="M100.5 0V180" stroke="black" /></g></svg>';
  document.querySelector("g").setAttribute("transform", `translate(${frame * 2.3} 0)`);
});

register("webgl", (frame) => {
  if (!made) {
    const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 180 });
    document.body.append(canvas);
    made = canvas.getContext("webgl");
  }
  made.clearColor((20 * frame + 40) / 255, 200 / 255, 50 / 255, 1);
  made.clear(made.COLOR_BUFFER_BIT);
});
