// The overlay of keys, and how to read the numbers.

import { useEffect, useRef } from "preact/hooks";
import type { Meta } from "./api";
import { views } from "./state";

const keys: { title: string; rows: [string, string][] }[] = [
  {
    title: "Everywhere",
    rows: [
      ["1 … 7", views.map((v) => v.title).join(", ")],
      ["/", "search; Enter focuses on what matches"],
      ["v", "into the view"],
      ["o", "options"],
      ["r", "fetch the profile again"],
      ["b", "back"],
      ["? Esc", "this help, close"],
    ],
  },
  {
    title: "Flame graph",
    rows: [
      ["click, Enter", "zoom to a function"],
      ["double click, p", "its callers and callees"],
      ["right click, m", "focus, ignore, source …"],
      ["arrows", "walk along the calls"],
      ["+ − 0", "wider, narrower, all"],
      ["Ctrl wheel, drag", "zoom, pan"],
    ],
  },
  {
    title: "Graph",
    rows: [
      ["click", "pick a function: what it calls and who calls it"],
      ["double click, f", "focus on it"],
      ["m", "menu of what was picked"],
      ["arrows, + −, 0", "pan, zoom, fit"],
    ],
  },
  {
    title: "Top",
    rows: [
      ["arrows, PgUp, PgDn", "walk"],
      ["Enter, m", "menu of a function"],
      ["Space", "pick several"],
    ],
  },
  {
    title: "Timeline",
    rows: [
      ["drag, ← →", "choose a range; with Shift its start"],
      ["Esc", "no range"],
    ],
  },
];

export function HelpView({ close, meta }: { close: () => void; meta: Meta | null }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current!.showModal(), []);
  return (
    <dialog class="help" ref={dialog} aria-label="Keys and help" onClose={close} onClick={(e) => e.target === dialog.current && close()}>
      <div class="help-body">
        <h2 tabIndex={-1} autoFocus>
          Keys
        </h2>
        <div class="help-columns">
          {keys.map(({ title, rows }) => (
            <section>
              <h3>{title}</h3>
              <dl>
                {rows.map(([key, text]) => (
                  <>
                    <dt>{key}</dt>
                    <dd>{text}</dd>
                  </>
                ))}
              </dl>
            </section>
          ))}
        </div>
        <h2>Numbers</h2>
        <p>
          <b>Flat</b> (self) is what a function did itself, <b>cum</b> what it and everything it called did. Percentages
          are of the whole profile, or of what the filters leave with <i>relative percentages</i>; in a difference, of
          the base. {meta?.sampling && `${meta.sampling}: values are estimates from samples.`}
        </p>
        <p>The address of the page holds all that is set, also the zoom and the order of a table: a copy of it shows the same view.</p>
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
    </dialog>
  );
}
