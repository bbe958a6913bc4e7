import React from "react";
import { AbsoluteFill, Easing, interpolate, spring, useCurrentFrame, useVideoConfig } from "remotion";

export type HelloProps = { title: string; bars: number[] };

const COLORS = ["#4f8fea", "#e4572e", "#f2b84b", "#3fae7a", "#9b5de5", "#2ec4b6"];

const Bar: React.FC<{ value: number; index: number }> = ({ value, index }) => {
  const frame = useCurrentFrame();
  const { fps } = useVideoConfig();
  const grown = spring({ frame: frame - 10 - index * 5, fps, config: { damping: 14 } });
  const sway = Math.sin((frame + index * 12) / 9) * 0.04;
  return (
    <div
      style={{
        flex: 1,
        height: `${Math.max(0, grown * (value + sway)) * 100}%`,
        borderRadius: 12,
        background: COLORS[index % COLORS.length],
        boxShadow: "0 12px 30px rgba(0, 0, 0, 0.35)",
      }}
    />
  );
};

export const Hello: React.FC<HelloProps> = ({ title, bars }) => {
  const frame = useCurrentFrame();
  const { durationInFrames } = useVideoConfig();
  const opacity = interpolate(frame, [0, 15], [0, 1], { extrapolateRight: "clamp" });
  const lift = interpolate(frame, [0, 25], [40, 0], { extrapolateRight: "clamp", easing: Easing.out(Easing.cubic) });
  return (
    <AbsoluteFill
      style={{ background: "linear-gradient(135deg, #101a30, #27406f)", fontFamily: "sans-serif", color: "white" }}
    >
      <h1 style={{ margin: "48px 60px 0", fontSize: 54, opacity, transform: `translateY(${lift}px)` }}>{title}</h1>
      <AbsoluteFill style={{ top: 150, padding: "0 60px 84px", flexDirection: "row", alignItems: "flex-end", gap: 21 }}>
        {bars.map((value, index) => (
          <Bar key={index} value={value} index={index} />
        ))}
      </AbsoluteFill>
      <div style={{ position: "absolute", left: 60, bottom: 30, fontSize: 24, fontVariantNumeric: "tabular-nums" }}>
        frame {frame} of {durationInFrames}
      </div>
      <div
        style={{
          position: "absolute",
          left: 0,
          bottom: 0,
          height: 8,
          width: `${((frame + 1) / durationInFrames) * 100}%`,
          background: "#f2b84b",
        }}
      />
    </AbsoluteFill>
  );
};
