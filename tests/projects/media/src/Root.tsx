import React from "react";
import { Composition } from "remotion";
import { scenes } from "./Scenes";
import { sounds } from "./Sounds";
import { videos } from "./Videos";

type Listed = { component: React.FC; frames?: number; fps?: number; width?: number; height?: number };

const listed: Record<string, Listed> = { ...sounds, ...videos, ...scenes };

export const Root: React.FC = () => (
  <>
    {Object.entries(listed).map(([id, { component, frames = 66, fps = 30, width = 320, height = 180 }]) => (
      <Composition key={id} id={id} component={component} width={width} height={height} fps={fps} durationInFrames={frames} />
    ))}
  </>
);
