// Views, sample types, refinements, options, profiles, search, and what profile this is.

import { useEffect, useRef, useState } from "preact/hooks";
import { refined, refinements } from "./actions";
import type { Option } from "./api";
import type { ViewProps } from "./app_view";
import { ConfigMenu } from "./configs_view";
import { Menu } from "./menu_view";
import { ProfileMenu } from "./profiles_view";
import { exactPattern, profileParams, urlOf, views, withParams } from "./state";
import { setTheme, type Theme, useChosenTheme } from "./theme";

const SEARCH_WAIT_MS = 200;

interface HeaderProps extends ViewProps {
  options: Option[];
  again: () => void;
  fetching: boolean;
  toggle: (panel: "options" | "help") => void;
}

function RefineMenu({ place, search, selected, go }: HeaderProps) {
  const pattern = selected.length ? exactPattern(selected) : search;
  const about = selected.length ? selected.join(", ") : search;
  const kept = Object.fromEntries(profileParams.map((name) => [name, place.params.get(name) ?? ""]));
  return (
    <Menu title="Refine" active={pattern !== ""}>
      <p class="menu-title">{about || "Pick a function, or search"}</p>
      {refinements.map((r) => (
        <button type="button" role="menuitem" disabled={!pattern} onClick={() => go(refined(place, r, pattern))}>
          {r.title} <small>{r.help}</small>
        </button>
      ))}
      <hr />
      <button type="button" role="menuitem" onClick={() => go({ ...place, params: withParams(new URLSearchParams(), kept) })}>
        Reset
      </button>
    </Menu>
  );
}

function SampleMenu({ place, go, meta }: HeaderProps) {
  const current = place.params.get("si") ?? meta?.sampleType ?? "";
  if (!meta || meta.sampleTypes.length < 2) return null;
  return (
    <label class="choice sample">
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

function Search({ place, go, search }: HeaderProps) {
  const [text, setText] = useState(search);
  const latest = useRef(place);
  latest.current = place;
  useEffect(() => setText(search), [search]);
  useEffect(() => {
    if (text === search) return;
    const timer = setTimeout(
      () => go({ ...latest.current, params: withParams(latest.current.params, { q: text }) }, true),
      SEARCH_WAIT_MS,
    );
    return () => clearTimeout(timer);
  }, [text]);
  let bad = false;
  try {
    new RegExp(text);
  } catch {
    bad = true;
  }
  return (
    <input
      type="search"
      id="search"
      placeholder="Search regexp  ( / )"
      aria-label="Search regexp"
      aria-invalid={bad}
      title="Marks what matches; Enter focuses on it"
      value={text}
      onInput={(e) => setText(e.currentTarget.value)}
      onKeyDown={(e) => {
        if (e.key === "Enter" && text) go({ ...place, params: withParams(place.params, { f: text, q: "" }) });
        if (e.key === "Escape") e.currentTarget.blur();
      }}
    />
  );
}

const themes: Record<Theme, { next: Theme; sign: string }> = {
  auto: { next: "dark", sign: "◐" },
  dark: { next: "light", sign: "●" },
  light: { next: "auto", sign: "○" },
};

function ThemeButton() {
  const theme = useChosenTheme();
  const { next, sign } = themes[theme];
  return (
    <button type="button" class="icon" title={`Colours: ${theme}`} aria-label={`Colours: ${theme}; change to ${next}`} onClick={() => setTheme(next)}>
      {sign}
    </button>
  );
}

function About({ meta }: HeaderProps) {
  if (!meta) return null;
  return (
    <details class="about">
      <summary>{meta.title}</summary>
      <div class="about-box">
        <pre>{[...meta.legend, meta.sampling].filter(Boolean).join("\n")}</pre>
        {meta.docUrl && (
          <p>
            <a href={meta.docUrl} rel="noreferrer noopener" target="_blank">
              About this profile
            </a>
          </p>
        )}
        <p class="quiet">pprof {meta.version}</p>
      </div>
    </details>
  );
}

function Views({ place, selected, go }: HeaderProps) {
  const linkParams = (view: string) =>
    selected.length && ["peek", "source", "disasm"].includes(view)
      ? withParams(place.params, { f: exactPattern(selected) })
      : place.params;
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    const [row, link] = [nav.current!, nav.current!.querySelector<HTMLElement>("[aria-current]")];
    if (link) row.scrollLeft = link.offsetLeft - row.offsetLeft - (row.clientWidth - link.offsetWidth) / 2;
  }, [place.view]);
  return (
    <nav aria-label="Views" ref={nav}>
      {views.map(({ view, title, key }) => {
        const target = { view, params: linkParams(view) };
        return (
          <a
            href={urlOf(target)}
            title={`${title} (${key})`}
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
  );
}

export function Header(props: HeaderProps) {
  const { place, toggle } = props;
  const profile = place.params.get("profile");
  return (
    <header>
      <div class="head">
        <a class="brand" href="/ui/">
          pprof
        </a>
        <Views {...props} />
        <span class="spring" />
        <About {...props} />
        <ThemeButton />
        <button type="button" class="icon" title="Keys and help (?)" aria-label="Keys and help" onClick={() => toggle("help")}>
          ?
        </button>
      </div>
      <div class="tools">
        <SampleMenu {...props} />
        <RefineMenu {...props} />
        <button type="button" title="All options (o)" onClick={() => toggle("options")}>
          Options
        </button>
        <ConfigMenu {...props} />
        <ProfileMenu {...props} />
        <a class="button" href={`/ui/download${profile ? `?profile=${profile}` : ""}`} download="profile.pb.gz">
          Download
        </a>
        <span class="spring" />
        <Search {...props} />
      </div>
    </header>
  );
}
