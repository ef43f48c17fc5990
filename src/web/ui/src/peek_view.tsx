// Peek: the text report as it is, with the function of each block standing out and every name a link
// to its own peek.

import { getText } from "./api";
import type { ViewProps } from "./app_view";
import { NoSamples, useLoaded, Waiting } from "./load";
import { isFiltered, linePattern, withParams } from "./state";

/** The function's name without the file and line behind it, as a pattern. */
function patternOf(text: string): string {
  const name = text.replace(/ \((?:partial-)?inline\)$/, "").replace(/ \S*:\d+(?::\d+)?$/, "");
  return `^${name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`;
}

export function PeekView({ place, meta, go, version }: ViewProps) {
  const asked = withParams(place.params, { f: linePattern(place.params.get("f") ?? "") });
  const loaded = useLoaded((signal) => getText("peek", asked, signal), [asked.toString(), version]);
  const lines = (loaded.data ?? "").split("\n");
  return (
    <div class="scroll" tabIndex={0}>
      <Waiting {...loaded} />
      {/^no matches found for regexp:?$/.test(loaded.error) && <NoSamples meta={meta} filtered={isFiltered(place.params)} />}
      {loaded.data !== null && (
        <pre class="report peek">
          {lines.map((line, i) => {
            const end = i + 1 < lines.length ? "\n" : "";
            const bar = line.indexOf("| ");
            if (bar < 0 || line.includes("calls%")) return <span class={line.startsWith("-") ? "rule" : "quiet"}>{line + end}</span>;
            const name = line.slice(bar + 2);
            const own = !name.startsWith("  ");
            return (
              <span class={own ? "own" : ""}>
                {line.slice(0, bar + 2)}
                {name.slice(0, name.length - name.trimStart().length)}
                <a
                  href="#"
                  onClick={(e) => {
                    e.preventDefault();
                    go({ ...place, params: withParams(place.params, { f: patternOf(name.trim()) }) });
                  }}
                >
                  {name.trimStart()}
                </a>
                {end}
              </span>
            );
          })}
        </pre>
      )}
    </div>
  );
}
