// Bundles the pages, as text and as C++ files that the binary carries; or the tests for node's own
// runner.
//
// usage: node build.mjs --out DIRECTORY       report_page.cpp, before.html, after.html; live_page.cpp, live/
//        node build.mjs --tests DIRECTORY     DIRECTORY/*.test.mjs
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { common, here } from "./build_common.mjs";
import { buildLive } from "./build_live.mjs";
import { buildReport } from "./build_report.mjs";

const [mode, out] = process.argv.slice(2);
if (out === undefined || (mode !== "--out" && mode !== "--tests")) {
  console.error("usage: node build.mjs --out|--tests DIRECTORY");
  process.exit(2);
}
if (mode === "--tests") {
  await build({
    ...common,
    entryPoints: readdirSync(join(here, "tests"))
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => join(here, "tests", name)),
    format: "esm",
    outdir: out,
    outExtension: { ".js": ".mjs" },
    platform: "node",
  });
} else {
  mkdirSync(out, { recursive: true });
  await buildReport(out);
  await buildLive(out);
}
