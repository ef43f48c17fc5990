// Bundles the page into OUT (default dist): app.js and app.css, the graph engine in a file of its
// own (it is large and only the graph view loads it), index.html, and flame.html: a document that
// holds its script and style, and ends where the data of a flame graph is to follow.
import { build } from "esbuild";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";

const out = process.argv[2] ?? "dist";
const options = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  external: ["/ui/viz.js"],
  outdir: out,
  logLevel: "warning",
};

mkdirSync(out, { recursive: true });
await build({ ...options, entryPoints: { app: "src/main.tsx", viz: "src/viz.ts" } });
copyFileSync("src/index.html", `${out}/index.html`);

const { outputFiles } = await build({ ...options, entryPoints: { flame: "src/flame_file.tsx" }, write: false });
const textOf = (suffix) => outputFiles.find((file) => file.path.endsWith(suffix)).text.trim();
writeFileSync(
  `${out}/flame.html`,
  `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>pprof</title>
<style>${textOf(".css")}</style>
<script type="module">${textOf(".js")}</script>
<noscript>This page draws a profile with JavaScript.</noscript>
<div id="app"></div>
<script type="text/plain" id="flame-data">
`,
);
