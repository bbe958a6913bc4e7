import React from "react";
import { Composition } from "remotion";
import { Hello, type HelloProps } from "./Hello";
import { Counter } from "./Counter";

const defaultProps: HelloProps = { title: "Hello from Python", bars: [0.45, 0.8, 0.6, 1, 0.35, 0.7] };

export const Root: React.FC = () => (
  <>
    <Composition
      id="hello"
      component={Hello}
      width={960}
      height={540}
      fps={30}
      durationInFrames={90}
      defaultProps={defaultProps}
      calculateMetadata={({ props }) => ({ durationInFrames: 60 + props.bars.length * 5 })}
    />
    {[24, 25, 29.97, 30, 60].map((fps) => (
      <Composition
        key={fps}
        id={`counter-${String(fps).replace(".", "-")}`}
        component={Counter}
        width={320}
        height={180}
        fps={fps}
        durationInFrames={47}
      />
    ))}
  </>
);
