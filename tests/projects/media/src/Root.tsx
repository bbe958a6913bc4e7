import React from "react";
import { Composition } from "remotion";
import { sounds } from "./Sounds";
import { videos } from "./Videos";

const size = { width: 320, height: 180 };

export const Root: React.FC = () => (
  <>
    {Object.entries({ ...sounds, ...videos }).map(([id, { component, frames = 90, fps = 30 }]) => (
      <Composition key={id} id={id} component={component} {...size} fps={fps} durationInFrames={frames} />
    ))}
  </>
);
