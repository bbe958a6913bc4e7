// What a version of Remotion is asked for: props, text, videos of both kinds, sounds of both kinds, HTML in a canvas.
import React from "react";
import { AbsoluteFill, Composition, Html5Audio, HtmlInCanvas, OffthreadVideo, spring, staticFile, useCurrentFrame } from "remotion";
import { Audio, Video } from "@remotion/media";

const half = { width: 160, height: 90 };

const Mixed: React.FC<{ title: string }> = ({ title }) => {
  const frame = useCurrentFrame();
  return (
    <AbsoluteFill style={{ background: "linear-gradient(#fdf6e3, #eee8d5)", fontFamily: "sans-serif" }}>
      <div style={{ display: "flex" }}>
        <OffthreadVideo muted src={staticFile("counter.mp4")} style={half} />
        <Video muted src={staticFile("counter.mp4")} style={half} />
      </div>
      <div style={{ position: "absolute", left: 20 + 120 * spring({ frame, fps: 30 }), top: 100, width: 30, height: 30, background: "tomato" }} />
      <div style={{ position: "absolute", left: 12, bottom: 8, fontSize: 15 }}>{title} {frame}</div>
      <Html5Audio src={staticFile("chirp.wav")} volume={0.5} />
      <Audio src={staticFile("click.wav")} />
    </AbsoluteFill>
  );
};

const Painted: React.FC = () => (
  <HtmlInCanvas
    width={320}
    height={180}
    onPaint={({ canvas, elementImage }) => {
      const context = canvas.getContext("2d")!;
      context.reset();
      context.filter = "hue-rotate(90deg)";
      context.drawElementImage(elementImage, 0, 0);
    }}
  >
    <Inside />
  </HtmlInCanvas>
);

// Chromium 156 draws a canvas in a canvas at its own size, whatever CSS says, so the second video has the size of its file.
const Inside: React.FC = () => (
  <div style={{ width: 320, height: 180, color: "tomato", fontSize: 40, fontFamily: "sans-serif" }}>
    <Video muted src={staticFile("counter.mp4")} style={{ position: "absolute", width: 320, height: 180 }} />
    <OffthreadVideo muted src={staticFile("counter.mp4")} style={{ ...half, position: "absolute", left: 160 }} />
    <div style={{ position: "absolute", top: 100 }}>canvas {useCurrentFrame()}</div>
  </div>
);

const Plain: React.FC = () => (
  <HtmlInCanvas width={320} height={180}>
    <Inside />
  </HtmlInCanvas>
);

const shared = { width: 320, height: 180, fps: 30, durationInFrames: 12 };

export const Root: React.FC = () => (
  <>
    <Composition
      {...shared}
      id="mixed"
      component={Mixed}
      defaultProps={{ title: "Mixed" }}
      calculateMetadata={({ props }) => ({ durationInFrames: 6 + props.title.length })}
    />
    <Composition {...shared} id="painted" component={Painted} />
    <Composition {...shared} id="in-canvas" component={Plain} />
  </>
);
