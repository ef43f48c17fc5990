// Saved configurations: sets of options under a name, in the file that google/pprof uses too.

import { useEffect, useState } from "preact/hooks";
import { deleteConfig, getConfigs, type Option, saveConfig, type SavedConfig } from "./api";
import { Menu } from "./menu_view";
import type { Place } from "./state";

interface ConfigMenuProps {
  place: Place;
  go: (place: Place) => void;
  options: Option[];
}

/** The parameters that a configuration sets, also to nothing; the others say what is looked at. */
function optionParams(params: URLSearchParams, options: Option[]): URLSearchParams {
  const known = new Set(options.filter((o) => o.name !== "sample_index").map((o) => o.param));
  const kept = new URLSearchParams([...params].filter(([name]) => known.has(name)));
  kept.sort();
  return kept;
}

function applied(params: URLSearchParams, query: string, options: Option[]): URLSearchParams {
  const set = optionParams(params, options);
  const rest = new URLSearchParams([...params].filter(([name]) => !set.has(name)));
  return new URLSearchParams([...rest, ...new URLSearchParams(query)]);
}

export function ConfigMenu({ place, go, options }: ConfigMenuProps) {
  const [configs, setConfigs] = useState<SavedConfig[]>([]);
  const [name, setName] = useState("");
  const [error, setError] = useState("");
  const refresh = () => getConfigs().then(setConfigs, (e: Error) => setError(e.message));
  useEffect(() => {
    refresh();
  }, []);
  const now = optionParams(place.params, options).toString();
  const sorted = (query: string) => {
    const params = new URLSearchParams(query);
    params.sort();
    return params.toString();
  };
  const change = (work: Promise<void>) => {
    setError("");
    work.then(refresh, (e: Error) => setError(e.message));
  };
  const use = (query: string) => go({ ...place, params: applied(place.params, query, options) });
  return (
    <Menu title="Config" form>
      <button type="button" aria-current={now === "" ? "true" : undefined} onClick={() => use("")}>
        Default
      </button>
      {configs.map((c) => (
        <div class="config">
          <button type="button" aria-current={sorted(c.query) === now ? "true" : undefined} onClick={() => use(c.query)}>
            {c.name}
          </button>
          <button type="button" class="icon" aria-label={`Delete ${c.name}`} title="Delete" onClick={() => change(deleteConfig(c.name))}>
            ✕
          </button>
        </div>
      ))}
      <hr />
      <form
        class="row"
        onSubmit={(e) => {
          e.preventDefault();
          change(saveConfig(name, optionParams(place.params, options)));
          setName("");
        }}
      >
        <input type="text" placeholder="Save as …" aria-label="Name to save the options under" value={name} onInput={(e) => setName(e.currentTarget.value)} />
        <button type="submit" disabled={!name}>
          Save
        </button>
      </form>
      {error && <p class="bad" role="alert">{error}</p>}
    </Menu>
  );
}
