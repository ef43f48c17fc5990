// What is filtered, so that nobody wonders where the rest went: each can be taken away.

import type { Meta, Option } from "./api";
import { namesOf, type Place, without, withParams } from "./state";

interface ChipsProps {
  place: Place;
  go: (place: Place) => void;
  options: Option[];
  meta: Meta | null;
}

interface Chip {
  title: string;
  text: string;
  rest: URLSearchParams; // without it
}

/** What the command line has set, and the URL says nothing of, as the URL would say it. */
function unsaid(params: URLSearchParams, options: Option[]): [string, string][] {
  const set = options.filter((o) => o.value !== o.default && !params.has(o.param));
  return set.map((o) => [o.param, o.kind === "bool" ? o.value[0] : o.value]);
}

export function FilterChips({ place, go, options, meta }: ChipsProps) {
  const labelOf = (id: string) => meta?.profiles.find((p) => String(p.id) === id)?.label ?? id;
  const symbol = ["peek", "source", "disasm"].includes(place.view);
  const chips = [...place.params, ...unsaid(place.params, options)].flatMap(([param, value]): Chip[] => {
    const rest = withParams(place.params, { [param]: "" });
    if (param === "profile") return [{ title: "profile", text: labelOf(value), rest }];
    if (param === "base") return [{ title: "difference to", text: labelOf(value), rest }];
    const option = options.find((o) => o.param === param);
    if (!option || param === "si" || value === "") return [];
    const text = option.kind === "string" ? namesOf(value).join(", ") : value === "t" ? "" : value === "f" ? "no" : value;
    const title = param === "f" && symbol ? "function" : option.name.replace(/_/g, " ");
    return [{ title, text, rest: without(place.params, option) }];
  });
  if (!chips.length) return null;
  return (
    <ul class="chips" aria-label="Active options">
      {chips.map(({ title, text, rest }) => (
        <li>
          <b>{title}</b> <span title={text}>{text}</span>
          <button type="button" aria-label={`Remove ${title}`} title="Remove" onClick={() => go({ ...place, params: rest })}>
            ✕
          </button>
        </li>
      ))}
    </ul>
  );
}
