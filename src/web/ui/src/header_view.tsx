// Views, sample types, refinements, search, and what profile this is.

import { useState } from "preact/hooks";
import type { Meta } from "./api";
import type { ViewProps } from "./app_view";
import { exactPattern, urlOf, views, withParams } from "./state";

interface Refinement {
  title: string;
  param: string;
  adds: boolean; // to what is set already, instead of replacing it
}

const refinements: Refinement[] = [
  { title: "Focus", param: "f", adds: false },
  { title: "Ignore", param: "i", adds: true },
  { title: "Hide", param: "h", adds: true },
  { title: "Show", param: "s", adds: false },
  { title: "Show from", param: "sf", adds: false },
];

interface HeaderProps extends ViewProps {
  meta: Meta | null;
  setSearch: (text: string) => void;
}

function Menu({ title, children }: { title: string; children: preact.ComponentChildren }) {
  const [open, setOpen] = useState(false);
  return (
    <div
      class="menu"
      onFocusOut={(e) => {
        if (!(e.currentTarget as HTMLElement).contains(e.relatedTarget as Node)) setOpen(false);
      }}
      onKeyDown={(e) => e.key === "Escape" && setOpen(false)}
    >
      <button type="button" aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(!open)}>
        {title} <span aria-hidden="true">▾</span>
      </button>
      {open && (
        <div class="menu-items" role="menu" onClick={() => setOpen(false)}>
          {children}
        </div>
      )}
    </div>
  );
}

function RefineMenu({ place, search, selected, go }: ViewProps) {
  const pattern = selected.length ? exactPattern(selected) : search;
  const refine = (r: Refinement) => {
    const old = r.adds ? (place.params.get(r.param) ?? "") : "";
    const value = old ? `${pattern}|${old}` : pattern;
    go({ ...place, params: withParams(place.params, { [r.param]: value, p: "" }) });
  };
  return (
    <Menu title="Refine">
      {refinements.map((r) => (
        <button type="button" role="menuitem" disabled={!pattern} onClick={() => refine(r)}>
          {r.title}
        </button>
      ))}
      <button type="button" role="menuitem" onClick={() => go({ ...place, params: new URLSearchParams() })}>
        Reset
      </button>
    </Menu>
  );
}

function SampleMenu({ place, go, meta }: HeaderProps) {
  const current = place.params.get("si") ?? meta?.sampleType ?? "";
  if (!meta || meta.sampleTypes.length < 2) return null;
  return (
    <label class="sample">
      <span>Sample</span>
      <select
        value={current}
        onChange={(e) => go({ ...place, params: withParams(place.params, { si: e.currentTarget.value }) })}
      >
        {meta.sampleTypes.map((type) => (
          <option value={type}>{type}</option>
        ))}
      </select>
    </label>
  );
}

export function Header(props: HeaderProps) {
  const { place, search, selected, setSearch, go, meta } = props;
  const linkParams = (view: string) =>
    selected.length && ["peek", "source", "disasm"].includes(view)
      ? withParams(place.params, { f: exactPattern(selected) })
      : place.params;
  return (
    <header>
      <a class="brand" href="/ui/">
        pprof
      </a>
      <nav aria-label="Views">
        {views.map(({ view, title }) => {
          const target = { view, params: linkParams(view) };
          return (
            <a
              href={urlOf(target)}
              aria-current={view === place.view ? "page" : undefined}
              onClick={(e) => {
                if (e.ctrlKey || e.metaKey || e.shiftKey) return;
                e.preventDefault();
                go(target);
              }}
            >
              {title}
            </a>
          );
        })}
      </nav>
      <SampleMenu {...props} />
      <RefineMenu {...props} />
      <a class="button" href="/ui/download" download="profile.pb.gz">
        Download
      </a>
      <input
        type="search"
        placeholder="Search regexp"
        aria-label="Search regexp"
        value={search}
        onInput={(e) => setSearch(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key === "Enter") go({ ...place, params: withParams(place.params, { f: search }) });
        }}
      />
      {meta && (
        <details class="about">
          <summary>{meta.title}</summary>
          <pre>{meta.legend.join("\n")}</pre>
        </details>
      )}
    </header>
  );
}
