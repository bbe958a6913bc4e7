// node render.mjs '<json>': renders by the npm renderer and prints what it did as one line of JSON.
//   kind: "media" | "frames" | "still" | "list"; serveUrl, composition, inputProps, output, browserExecutable, frames, options
import { getCompositions, openBrowser, renderFrames, renderMedia, renderStill, selectComposition } from "@remotion/renderer";

const job = JSON.parse(process.argv[2]);
const common = {
  serveUrl: job.serveUrl,
  inputProps: job.inputProps ?? {},
  browserExecutable: job.browserExecutable,
  logLevel: "error",
  ...job.options,
};
const started = performance.now();
const puppeteerInstance = await openBrowser("chrome", {
  browserExecutable: job.browserExecutable,
  chromeMode: "headless-shell",
  logLevel: "error",
});
let result = {};
try {
  const shared = { ...common, puppeteerInstance };
  if (job.kind === "list") {
    result.compositions = await getCompositions(job.serveUrl, shared);
  } else {
    const composition = await selectComposition({ ...shared, id: job.composition });
    result.composition = composition;
    if (job.kind === "media") {
      await renderMedia({ codec: "h264", muted: true, ...shared, composition, outputLocation: job.output });
    } else if (job.kind === "frames") {
      await renderFrames({
        ...shared, composition, outputDir: job.output, imageFormat: "png", frameRange: job.frames, onStart() {}, onFrameUpdate() {},
      });
    } else {
      await renderStill({ ...shared, composition, output: job.output, imageFormat: "png", frame: job.frames });
    }
  }
} finally {
  await puppeteerInstance.close({ silent: true });
}
result.seconds = (performance.now() - started) / 1000;
console.log(JSON.stringify(result));
process.exit(0);
