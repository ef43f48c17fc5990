// Bundles the page into OUT (default dist): app.js and app.css, the graph engine in a file of its
// own (it is large and only the graph view loads it), and index.html.
import { build } from "esbuild";
import { copyFileSync, mkdirSync } from "node:fs";

const out = process.argv[2] ?? "dist";
mkdirSync(out, { recursive: true });
await build({
  entryPoints: { app: "src/main.tsx", viz: "src/viz.ts" },
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  external: ["/ui/viz.js"],
  outdir: out,
  logLevel: "warning",
});
copyFileSync("src/index.html", `${out}/index.html`);
