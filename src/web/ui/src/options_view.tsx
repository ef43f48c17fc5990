// Every option of the command line that a page may set, from the server's own table.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Meta, Option } from "./api";
import { type Place, without, withParams } from "./state";

const groups: { title: string; names: string[] }[] = [
  { title: "Filters", names: ["focus", "ignore", "hide", "show", "show_from", "prune_from"] },
  { title: "Labels", names: ["tagfocus", "tagignore", "tagshow", "taghide", "tagroot", "tagleaf"] },
  { title: "Values", names: ["sample_index", "unit", "mean", "divide_by", "relative_percentages", "drop_negative", "normalize"] },
  { title: "Entries", names: ["granularity", "noinlines", "showcolumns", "call_tree", "sort", "trim", "nodecount", "nodefraction", "edgefraction"] },
];

interface OptionsProps {
  place: Place;
  go: (place: Place) => void;
  options: Option[];
  meta: Meta | null;
  close: () => void;
}

/** Text of a URL parameter as the option's own value. */
function valueOf(option: Option, params: URLSearchParams): string {
  const text = params.get(option.param);
  if (text === null) return option.value;
  if (text === "") return option.default;
  return option.kind === "bool" ? String(/^(t|true|y|yes|1)$/i.test(text)) : text;
}

function Field({ option, place, go, meta }: { option: Option } & Omit<OptionsProps, "options" | "close">) {
  const value = valueOf(option, place.params);
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const set = (next: string) => {
    if (next === value) return;
    const said = next === option.value ? "" : option.kind === "bool" ? next[0] : next;
    const params = next === option.default ? without(place.params, option) : withParams(place.params, { [option.param]: said });
    go({ ...place, params });
  };
  const [summary, ...details] = option.help.split("\n");
  const id = `option-${option.name}`;
  const choices =
    option.name === "sample_index" ? (meta?.sampleTypes ?? []) : option.kind === "choice" ? option.choices : null;
  const common = { id, "aria-describedby": `${id}-help` };
  return (
    <div class={`field ${place.params.has(option.param) ? "set" : ""}`}>
      <label for={id}>{option.name.replace(/_/g, " ")}</label>
      {option.kind === "bool" ? (
        <input {...common} type="checkbox" checked={value === "true"} onChange={(e) => set(String(e.currentTarget.checked))} />
      ) : choices ? (
        <select {...common} value={value} onChange={(e) => set(e.currentTarget.value)}>
          {!choices.includes(option.value) && <option value={option.value}>{option.value || "default"}</option>}
          {choices.map((c) => (
            <option value={c}>{c}</option>
          ))}
        </select>
      ) : (
        <input
          {...common}
          type="text"
          inputMode={option.kind === "string" ? "text" : "decimal"}
          placeholder={option.argument}
          list={option.name.startsWith("tag") ? "label-keys" : undefined}
          value={text}
          onInput={(e) => setText(e.currentTarget.value)}
          onChange={() => set(text)}
          onKeyDown={(e) => e.key === "Enter" && set(text)}
        />
      )}
      <p id={`${id}-help`} title={details.join(" ")}>
        {summary}
      </p>
    </div>
  );
}

export function OptionsView({ place, go, options, meta, close }: OptionsProps) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => panel.current!.querySelector<HTMLElement>("input, select")?.focus(), []);
  const grouped = new Set(groups.flatMap((g) => g.names));
  const all = [...groups, { title: "Other", names: options.map((o) => o.name).filter((n) => !grouped.has(n)) }];
  const names = new Map(options.map((o) => [o.name, o]));
  const set = options.filter((o) => place.params.has(o.param)).map((o) => [o.param, ""]);
  return (
    <aside
      class="options"
      aria-label="Options"
      ref={panel}
      onKeyDown={(e) => {
        if (e.key === "Escape") close();
      }}
    >
      <div class="options-head">
        <h2>Options</h2>
        <button type="button" disabled={!set.length} onClick={() => go({ ...place, params: withParams(place.params, Object.fromEntries(set)) })}>
          Reset all
        </button>
        <button type="button" class="icon" aria-label="Close" onClick={close}>
          ✕
        </button>
      </div>
      <datalist id="label-keys">{meta?.labels.map((key) => <option value={key} />)}</datalist>
      {all.map(({ title, names: wanted }) => (
        <fieldset>
          <legend>{title}</legend>
          {wanted.map((name) => names.has(name) && <Field option={names.get(name)!} place={place} go={go} meta={meta} />)}
        </fieldset>
      ))}
    </aside>
  );
}
