import React from "react";
import { AbsoluteFill, Composition, registerRoot, useCurrentFrame } from "remotion";

const Bars: React.FC = () => {
  const frame = useCurrentFrame();
  return (
    <AbsoluteFill style={{ background: `linear-gradient(${frame}deg, #14213d, #7b2d50)` }}>
      {Array.from({ length: 24 }, (_, index) => (
        <div
          key={index}
          style={{
            position: "absolute",
            left: 40 + index * 77,
            bottom: 60,
            width: 60,
            height: 200 + 340 * (1 + Math.sin(frame / 12 + index / 3)),
            borderRadius: 10,
            background: `hsl(${index * 15} 70% 55%)`,
            boxShadow: "0 14px 40px rgba(0, 0, 0, 0.5)",
          }}
        />
      ))}
      <h1 style={{ position: "absolute", left: 60, top: 20, color: "white", fontFamily: "sans-serif", fontSize: 70 }}>
        Frame {frame}
      </h1>
    </AbsoluteFill>
  );
};

/** Changes in every fifth frame. */
const Slides: React.FC = () => (
  <AbsoluteFill style={{ background: "linear-gradient(45deg, #14213d, #7b2d50)", color: "white", fontFamily: "sans-serif" }}>
    <h1 style={{ margin: 80, fontSize: 90 }}>Slide {Math.floor(useCurrentFrame() / 5)}</h1>
    <p style={{ margin: 80, fontSize: 40 }}>{"Text that stays as it is. ".repeat(30)}</p>
  </AbsoluteFill>
);

const size = { width: 1920, height: 1080, fps: 30 };
registerRoot(() => (
  <>
    <Composition id="bars" component={Bars} {...size} durationInFrames={150} />
    <Composition id="slides" component={Slides} {...size} durationInFrames={300} />
  </>
));
