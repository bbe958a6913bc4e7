// node bundle.mjs <entry point> <public folder> <out folder>: bundles a Remotion project.
import path from "node:path";
import { bundle } from "@remotion/bundler";

const [entryPoint, publicDir, outDir] = process.argv.slice(2).map((item) => path.resolve(item));
await bundle({ entryPoint, publicDir, outDir, enableCaching: false });
