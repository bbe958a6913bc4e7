import React from "react";
import { AbsoluteFill, useCurrentFrame } from "remotion";

const BITS = 10;

/** Shows the frame number as a row of black and white squares, so that a program can read it from a decoded video. */
export const Counter: React.FC = () => {
  const frame = useCurrentFrame();
  return (
    <AbsoluteFill style={{ background: "#808080" }}>
      {Array.from({ length: BITS }, (_, bit) => (
        <div
          key={bit}
          style={{
            position: "absolute",
            left: bit * 32,
            top: 0,
            width: 32,
            height: 90,
            background: (frame >> bit) & 1 ? "white" : "black",
          }}
        />
      ))}
      <div style={{ position: "absolute", left: 12, top: 100, fontSize: 56, fontFamily: "monospace" }}>{frame}</div>
    </AbsoluteFill>
  );
};
