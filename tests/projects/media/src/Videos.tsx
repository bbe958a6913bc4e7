// Compositions that show video files: one for each kind of file and each way to play it.
import { Video } from "@remotion/media";
import { Gif } from "@remotion/gif";
import React from "react";
import { AbsoluteFill, Freeze, getInputProps, Html5Video, Img, Loop, OffthreadVideo, Sequence, staticFile, useCurrentFrame } from "remotion";

type Shown = { component: React.FC; frames?: number; fps?: number };

const file = (name: string, more: object = {}) => () => (
  <AbsoluteFill style={{ background: "repeating-linear-gradient(45deg, #445, #445 12px, #99a 12px, #99a 24px)" }}>
    <OffthreadVideo src={staticFile(name)} muted style={{ maxWidth: 320, maxHeight: 180 }} {...more} />
  </AbsoluteFill>
);

const Twice: React.FC = () => (
  <AbsoluteFill>
    <OffthreadVideo src={staticFile("counter.mp4")} muted style={{ width: 160 }} />
    <OffthreadVideo src={staticFile("counter.mp4")} muted trimBefore={40} style={{ width: 160, position: "absolute", top: 90 }} />
  </AbsoluteFill>
);

const Pictures: React.FC = () => {
  const frame = useCurrentFrame();
  return (
    <AbsoluteFill style={{ background: "white" }}>
      <Img src={staticFile("still.png")} style={{ width: 100 + frame }} />
      <Gif src={staticFile("counter.gif")} width={160} height={90} />
    </AbsoluteFill>
  );
};

const Remote: React.FC = () => {
  const { origin } = getInputProps();
  return (
    <AbsoluteFill>
      <OffthreadVideo src={`${origin}/assets/offthread.mp4`} muted style={{ width: 160 }} />
      <Video src={`${origin}/assets/media.mp4`} muted style={{ width: 160, position: "absolute", top: 90 }} />
    </AbsoluteFill>
  );
};

export const videos: Record<string, Shown> = {
  "video-h264": { component: file("counter.mp4") },
  "video-trimmed": { component: file("counter.mp4", { trimBefore: 30, playbackRate: 2 }), frames: 40 },
  "video-slow": { component: file("counter.mp4", { playbackRate: 0.5 }), frames: 40 },
  "video-other-rate": { component: file("counter.mp4"), frames: 40, fps: 24 },
  "video-webm": { component: file("counter.webm") },
  "video-hevc": { component: file("counter-hevc.mp4") },
  "video-turned": { component: file("turned.mp4") },
  "video-wide-pixels": { component: file("wide-pixels.mp4") },
  "video-late": { component: file("late.mkv"), frames: 40 },
  "video-uneven": { component: file("uneven.mp4"), frames: 40 },
  "video-past-end": { component: file("counter.mp4", { trimBefore: 70 }), frames: 40 },
  "video-glass-vp8": { component: file("glass-vp8.webm", { transparent: true }), frames: 60 },
  "video-glass-vp9": { component: file("glass-vp9.webm", { transparent: true }), frames: 60 },
  "video-glass-prores": { component: file("glass.mov", { transparent: true }), frames: 60 },
  "video-glass-opaque": { component: file("glass-vp9.webm"), frames: 60 },
  "video-tagged": { component: file("tagged.mp4"), frames: 40 },
  "video-full-range": { component: file("full-range.mp4"), frames: 40 },
  "video-hdr": { component: file("hdr.mp4"), frames: 40 },
  "video-hdr-plain": { component: file("hdr.mp4", { toneMapped: false }), frames: 40 },
  "video-twice": { component: Twice, frames: 40 },
  "video-loop": { component: () => <Loop durationInFrames={15}>{file("counter.mp4")()}</Loop>, frames: 40 },
  "video-frozen": { component: () => <Freeze frame={12}>{file("counter.mp4")()}</Freeze>, frames: 20 },
  "video-sequence": { component: () => <Sequence from={10} durationInFrames={20}>{file("counter.mp4")()}</Sequence>, frames: 40 },
  "video-html5": { component: () => <Html5Video src={staticFile("counter.mp4")} muted />, frames: 40 },
  "video-media": { component: () => <Video src={staticFile("counter.mp4")} muted />, frames: 40 },
  "video-media-fallback": { component: () => <Video src={staticFile("counter-hevc.mp4")} muted />, frames: 40 },
  "video-remote": { component: Remote, frames: 24 },
  "pictures": { component: Pictures, frames: 30 },
};
