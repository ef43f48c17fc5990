// A flame graph as one file: no server, everything it needs is in the document. The data follows the
// page as base64 in an element of its own; `pprof -flamegraph` writes it there.

import { render } from "preact";
import { useState } from "preact/hooks";
import { decodeFlame, type Flame } from "./flame_model";
import { type FlameLook, FlamePanel } from "./flame_panel";
import "./style.css";

function FlameFile({ flame, title }: { flame: Flame; title: string }) {
  const [search, setSearch] = useState("");
  const [zoom, setZoom] = useState("");
  const [look, setLook] = useState<FlameLook>({ color: "", up: false, measure: "both" });
  return (
    <>
      <header>
        <div class="head">
          <span class="brand">pprof</span>
          <details class="about">
            <summary>{title}</summary>
            <pre>{flame.legend.join("\n")}</pre>
          </details>
          <input
            type="search"
            id="search"
            aria-label="Search"
            placeholder="Search regexp"
            value={search}
            onInput={(e) => setSearch(e.currentTarget.value)}
          />
        </div>
      </header>
      <main>
        <FlamePanel
          flame={flame}
          callers={null}
          title="root"
          look={look}
          setLook={setLook}
          zoom={zoom}
          setZoom={setZoom}
          search={search}
          select={() => {}}
          pivot={null}
          menu={null}
        />
      </main>
    </>
  );
}

function inlineData(): ArrayBuffer {
  const text = atob(document.getElementById("flame-data")!.textContent!.trim());
  return Uint8Array.from(text, (c) => c.charCodeAt(0)).buffer;
}

const flame = decodeFlame(inlineData());
const file = flame.legend.find((line) => line.startsWith("File: "))?.slice(6) ?? "";
document.title = `${file} ${flame.type}`.trim();
render(<FlameFile flame={flame} title={document.title} />, document.getElementById("app")!);
