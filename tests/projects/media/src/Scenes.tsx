// Compositions about what a renderer does around the pictures: transparency, artifacts, failures, the page's surroundings.
import React, { useEffect, useState } from "react";
import {
  AbsoluteFill,
  Artifact,
  cancelRender,
  CanvasImage,
  continueRender,
  delayRender,
  Html5Audio,
  HtmlInCanvas,
  IFrame,
  Img,
  Interactive,
  OffthreadVideo,
  random,
  Series,
  Solid,
  spring,
  staticFile,
  useCurrentFrame,
  useVideoConfig,
} from "remotion";

type Scene = { component: React.FC; frames?: number; fps?: number; width?: number; height?: number };

const Glass: React.FC = () => {
  const frame = useCurrentFrame();
  return (
    <AbsoluteFill>
      <div style={{ position: "absolute", left: 20 + frame * 3, top: 30, width: 90, height: 90, background: "rgb(230, 60, 40)" }} />
      <div style={{ position: "absolute", left: 120, top: 50, width: 160, height: 100, background: "rgba(30, 90, 220, 0.5)" }} />
      <div style={{ position: "absolute", left: 0, top: 150, width: 320, height: 30, background: "linear-gradient(90deg, transparent, lime)" }} />
    </AbsoluteFill>
  );
};

const Artifacts: React.FC = () => {
  const frame = useCurrentFrame();
  return (
    <AbsoluteFill style={{ background: `rgb(${frame * 20}, 80, 120)` }}>
      {frame === 2 ? <Artifact filename="notes/hello.txt" content="Grüße, 世界" /> : null}
      {frame === 7 ? <Artifact filename="data.bin" content={new Uint8Array([1, 2, 3, 0, 65, 0xc3, 0xa9])} /> : null}
      {frame === 9 ? <Artifact filename="thumb.jpeg" content={Artifact.Thumbnail} /> : null}
    </AbsoluteFill>
  );
};

const Flash: React.FC = () => {
  const frame = useCurrentFrame();
  const { fps } = useVideoConfig();
  const lit = frame % Math.round(fps) === 0;
  return (
    <AbsoluteFill style={{ background: lit ? "white" : "black" }}>
      <Series>
        {Array.from({ length: 60 }, (_, second) => (
          <Series.Sequence key={second} durationInFrames={Math.round(fps)}>
            <Html5Audio src={staticFile("click.wav")} />
          </Series.Sequence>
        ))}
      </Series>
    </AbsoluteFill>
  );
};

const Bouncing: React.FC = () => {
  const frame = useCurrentFrame();
  const { fps } = useVideoConfig();
  return (
    <AbsoluteFill style={{ background: "linear-gradient(#fdf6e3, #eee8d5)", fontFamily: "sans-serif" }}>
      {Array.from({ length: 12 }, (_, index) => (
        <div
          key={index}
          style={{
            position: "absolute",
            left: 10 + index * 25,
            top: 130 - 100 * spring({ frame: frame - index, fps, config: { damping: 8 } }),
            width: 20,
            height: 20,
            borderRadius: index % 2 ? 10 : 3,
            background: `hsl(${random(index) * 360}, 70%, 50%)`,
            transform: `rotate(${frame * 4}deg)`,
          }}
        />
      ))}
      <svg width={320} height={180} style={{ position: "absolute" }}>
        <circle cx={160} cy={90} r={10 + frame} fill="none" stroke="black" strokeDasharray="8 4" strokeDashoffset={frame} />
      </svg>
      <div style={{ position: "absolute", bottom: 8, left: 12, fontSize: 15 }}>Frame {frame}, Ünïcödé 漢字</div>
    </AbsoluteFill>
  );
};

const Canvas: React.FC = () => {
  const frame = useCurrentFrame();
  const ref = React.useRef<HTMLCanvasElement>(null);
  React.useLayoutEffect(() => {
    const context = ref.current!.getContext("2d")!;
    context.fillStyle = "#123";
    context.fillRect(0, 0, 320, 180);
    for (let ray = 0; ray < 40; ray++) {
      context.strokeStyle = `hsl(${ray * 9}, 80%, 60%)`;
      context.beginPath();
      context.moveTo(160, 90);
      context.lineTo(160 + 150 * Math.cos(ray + frame / 20), 90 + 80 * Math.sin(ray + frame / 20));
      context.stroke();
    }
  }, [frame]);
  return <canvas ref={ref} width={320} height={180} />;
};

const WebGL: React.FC = () => {
  const frame = useCurrentFrame();
  const ref = React.useRef<HTMLCanvasElement>(null);
  React.useLayoutEffect(() => {
    const gl = ref.current!.getContext("webgl", { preserveDrawingBuffer: true })!;
    gl.clearColor(frame / 40, 0.4, 1 - frame / 40, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.finish();
  }, [frame]);
  return <canvas ref={ref} width={320} height={180} />;
};

const SolidAndMore: React.FC = () => {
  const frame = useCurrentFrame();
  return (
    <AbsoluteFill style={{ background: "white" }}>
      <Solid width={200} height={100} color="rebeccapurple" />
      <Interactive.Div style={{ position: "absolute", left: frame * 5, top: 120, width: 40, height: 40, background: "tomato" }} />
      <CanvasImage src={staticFile("still.png")} width={80} height={80} style={{ position: "absolute", left: 220, top: 60 }} />
    </AbsoluteFill>
  );
};

const InCanvas: React.FC = () => {
  const frame = useCurrentFrame();
  return (
    <HtmlInCanvas width={320} height={180}>
      <div style={{ width: 320, height: 180, background: "navy", color: "white", fontSize: 40, fontFamily: "sans-serif" }}>
        canvas {frame}
      </div>
    </HtmlInCanvas>
  );
};

const Painted: React.FC = () => (
  <HtmlInCanvas
    width={320}
    height={180}
    onPaint={({ canvas, elementImage }) => {
      const context = canvas.getContext("2d")!;
      context.reset();
      context.drawElementImage(elementImage, 0, 0);
    }}
  >
    <OffthreadVideo src={staticFile("counter.mp4")} style={{ width: 320, height: 180 }} />
  </HtmlInCanvas>
);

const Delayed: React.FC = () => {
  const frame = useCurrentFrame();
  const [shown, setShown] = useState(-1);
  useEffect(() => {
    const handle = delayRender(`waiting for ${frame}`);
    const timer = setTimeout(() => {
      setShown(frame);
      continueRender(handle);
    }, 15);
    return () => clearTimeout(timer);
  }, [frame]);
  return <AbsoluteFill style={{ fontSize: 90, background: shown === frame ? "gold" : "red" }}>{shown}</AbsoluteFill>;
};

const Surroundings: React.FC = () => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  return (
    <AbsoluteFill style={{ background: dark ? "black" : "white", color: dark ? "white" : "black", fontSize: 12 }}>
      {process.env.GREETING} {navigator.userAgent.includes("remotion-test") ? "agent" : ""}
    </AbsoluteFill>
  );
};

const Throws: React.FC = () => {
  const frame = useCurrentFrame();
  console.log("about to look at frame", frame);
  if (frame === 3) {
    throw new Error("the number three is not allowed");
  }
  return <AbsoluteFill />;
};

const Cancels: React.FC = () => {
  const frame = useCurrentFrame();
  useEffect(() => {
    if (frame === 2) cancelRender(new Error("cancelled on purpose"));
  }, [frame]);
  return <AbsoluteFill />;
};

const Waits: React.FC = () => {
  const frame = useCurrentFrame();
  useEffect(() => {
    if (frame === 1) delayRender("data that never comes");
  }, [frame]);
  return <AbsoluteFill />;
};

export const scenes: Record<string, Scene> = {
  "scene-glass": { component: Glass, frames: 12 },
  "scene-artifacts": { component: Artifacts, frames: 12 },
  "scene-bouncing": { component: Bouncing, frames: 40 },
  "scene-heard": { component: () => <><Bouncing /><Html5Audio src={staticFile("chirp.wav")} /></>, frames: 24 },
  "scene-solid": { component: SolidAndMore, frames: 20 },
  "scene-in-canvas": { component: InCanvas, frames: 20 },
  "scene-painted": { component: Painted, frames: 20 },
  "scene-odd-size": { component: Bouncing, frames: 10, width: 321, height: 181 },
  "scene-canvas": { component: Canvas, frames: 40 },
  "scene-webgl": { component: WebGL, frames: 40 },
  "scene-delayed": { component: Delayed, frames: 20 },
  "scene-surroundings": { component: Surroundings, frames: 2 },
  "scene-image": { component: () => <Img src={staticFile("still.png")} style={{ width: 320 }} />, frames: 20 },
  "scene-iframe": { component: () => <IFrame src={staticFile("frame.html")} style={{ width: 320, height: 180 }} />, frames: 20 },
  "fails-throws": { component: Throws, frames: 6 },
  "fails-cancels": { component: Cancels, frames: 6 },
  "fails-waits": { component: Waits, frames: 6 },
  ...Object.fromEntries(
    [23.976, 29.97, 30, 60].map((fps) => [
      `flash-${String(fps).replace(".", "-")}`,
      { component: Flash, fps, frames: Math.round(fps) * 60 },
    ]),
  ),
};
