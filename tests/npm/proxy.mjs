// node proxy.mjs <folder of a site>: serves its files and /proxy by the npm renderer; prints the port, ends with its input.
import { RenderInternals } from "@remotion/renderer";

const server = await RenderInternals.prepareServer({
  webpackConfigOrServeUrl: process.argv[2],
  port: null,
  remotionRoot: process.argv[2],
  offthreadVideoThreads: 2,
  logLevel: "error",
  indent: false,
  offthreadVideoCacheSizeInBytes: null,
  binariesDirectory: null,
  forceIPv4: true,
  sampleRate: 48000,
});
console.log(JSON.stringify({ port: server.offthreadPort }));
process.stdin.on("end", async () => {
  await server.closeServer(true);
  process.exit(0);
});
process.stdin.resume();
