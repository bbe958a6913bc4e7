// Compositions that are heard: one for each rule of mixing.
import { Audio } from "@remotion/media";
import React from "react";
import { AbsoluteFill, Html5Audio, Html5Video, interpolate, Loop, OffthreadVideo, Sequence, staticFile } from "remotion";

type Sound = { component: React.FC; frames?: number; fps?: number };

const chirp = staticFile("chirp.wav");
const fade = (from: number, to: number) => (frame: number) =>
  interpolate(frame, [from, to], [0, 0.8], { extrapolateLeft: "clamp", extrapolateRight: "clamp" });

export const sounds: Record<string, Sound> = {
  "sound-plain": { component: () => <Html5Audio src={chirp} /> },
  "sound-two": {
    component: () => (
      <>
        <Html5Audio src={chirp} volume={0.5} />
        <Sequence from={15}>
          <Html5Audio src={staticFile("tone.mp3")} trimBefore={15} playbackRate={1.5} toneFrequency={1.2} volume={fade(20, 60)} />
        </Sequence>
      </>
    ),
  },
  "sound-fade": { component: () => <Html5Audio src={chirp} volume={fade(0, 45)} /> },
  "sound-late": {
    component: () => (
      <Sequence from={20} durationInFrames={41}>
        <Html5Audio src={staticFile("tone44.wav")} volume={0.7} />
      </Sequence>
    ),
  },
  "sound-trimmed": { component: () => <Html5Audio src={chirp} trimBefore={20} trimAfter={70} /> },
  "sound-fast": { component: () => <Html5Audio src={chirp} playbackRate={3} /> },
  "sound-slow": { component: () => <Html5Audio src={staticFile("tone.m4a")} playbackRate={0.8} /> },
  "sound-high": { component: () => <Html5Audio src={chirp} toneFrequency={1.3} /> },
  "sound-loop": {
    component: () => (
      <Loop durationInFrames={25}>
        <Html5Audio src={chirp} volume={0.6} />
      </Loop>
    ),
  },
  "sound-gap": { component: () => <Html5Audio src={chirp} volume={(frame) => (frame > 30 && frame < 50 ? 0 : 0.9)} /> },
  "sound-many": {
    component: () => (
      <>
        {Array.from({ length: 36 }, (_, index) => (
          <Sequence key={index} from={index * 2} durationInFrames={12}>
            <Html5Audio src={chirp} volume={0.1} trimBefore={index} />
          </Sequence>
        ))}
      </>
    ),
  },
  "sound-video": { component: () => <OffthreadVideo src={staticFile("counter.mp4")} volume={0.8} />, frames: 60 },
  "sound-html-video": { component: () => <Html5Video src={staticFile("counter.mp4")} trimBefore={12} />, frames: 40 },
  "sound-second-stream": { component: () => <OffthreadVideo src={staticFile("two-tracks.mp4")} audioStreamIndex={1} />, frames: 40 },
  "sound-inline": {
    component: () => (
      <>
        <Audio src={chirp} volume={0.5} />
        <Sequence from={20}>
          <Audio src={staticFile("tone44.wav")} playbackRate={1.25} volume={fade(0, 30)} trimBefore={5} />
        </Sequence>
      </>
    ),
  },
  "sound-inline-high": { component: () => <Audio src={chirp} toneFrequency={1.25} volume={0.8} /> },
  "sound-sine": { component: () => <Html5Audio src={staticFile("sine.wav")} />, frames: 240 },
  "sound-none": { component: () => <AbsoluteFill style={{ background: "teal" }} />, frames: 20 },
  "sound-muted": { component: () => <Html5Audio src={chirp} muted />, frames: 20 },
  "sound-29-97": {
    component: () => (
      <Sequence from={7}>
        <Html5Audio src={chirp} volume={0.9} />
      </Sequence>
    ),
    frames: 65,
    fps: 29.97,
  },
};
