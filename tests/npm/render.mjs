// node render.mjs '<json>': renders by the npm renderer and writes what it did, for each job of a list as it ends; two at a time.
//   kind: "media" | "frames" | "still" | "list"; serveUrl, composition, inputProps, output, printed, browserExecutable, frames, options
import { writeFileSync } from "node:fs";
import { getCompositions, openBrowser, renderFrames, renderMedia, renderStill, selectComposition } from "@remotion/renderer";

const TIMEOUT_MS = 120_000; // its own 30 s are too few on a busy machine; a page that never gets ready still ends
const jobs = JSON.parse(process.argv[2]);
const started = performance.now();
const puppeteerInstance = await openBrowser("chrome", {
  browserExecutable: jobs[0].browserExecutable,
  chromeMode: "headless-shell",
  logLevel: "error",
  forceDeviceScaleFactor: jobs[0].options?.scale, // as it does for a render on its own; emulation alone moves text
});

async function run(job) {
  const shared = {
    serveUrl: job.serveUrl,
    inputProps: job.inputProps ?? {},
    browserExecutable: job.browserExecutable,
    logLevel: "error",
    timeoutInMilliseconds: TIMEOUT_MS,
    ...job.options,
    puppeteerInstance,
  };
  if (job.kind === "list") return { compositions: await getCompositions(job.serveUrl, shared) };
  const composition = await selectComposition({ ...shared, id: job.composition });
  if (job.kind === "media") {
    await renderMedia({ codec: "h264", muted: true, ...shared, composition, outputLocation: job.output });
  } else if (job.kind === "frames") {
    const sequence = { imageFormat: "png", frameRange: job.frames, onStart() {}, onFrameUpdate() {} };
    await renderFrames({ ...shared, ...sequence, composition, outputDir: job.output });
  } else {
    await renderStill({ ...shared, composition, output: job.output, imageFormat: "png", frame: job.frames });
  }
  return { composition };
}

try {
  let next = 0;
  const work = async () => {
    while (next < jobs.length) {
      const index = next++;
      const result = await run(jobs[index]);
      result.seconds = (performance.now() - started) / 1000;
      if (jobs[index].printed) writeFileSync(jobs[index].printed, JSON.stringify(result));
    }
  };
  await Promise.all([work(), work()]);
} finally {
  await puppeteerInstance.close({ silent: true });
}
process.exit(0);
