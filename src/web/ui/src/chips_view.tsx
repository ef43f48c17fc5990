// What is filtered, so that nobody wonders where the rest went: each can be taken away.

import type { Meta, Option } from "./api";
import { namesOf, type Place, withParams } from "./state";

interface ChipsProps {
  place: Place;
  go: (place: Place) => void;
  options: Option[];
  meta: Meta | null;
}

export function FilterChips({ place, go, options, meta }: ChipsProps) {
  const labelOf = (id: string) => meta?.profiles.find((p) => String(p.id) === id)?.label ?? id;
  const symbol = ["peek", "source", "disasm"].includes(place.view);
  const chips = [...place.params].flatMap(([param, value]) => {
    if (param === "profile") return [{ param, title: "profile", text: labelOf(value) }];
    if (param === "base") return [{ param, title: "difference to", text: labelOf(value) }];
    const option = options.find((o) => o.param === param);
    if (!option || param === "si" || value === "") return [];
    const text = option.kind === "string" ? namesOf(value).join(", ") : value === "t" ? "" : value === "f" ? "no" : value;
    return [{ param, title: param === "f" && symbol ? "function" : option.name.replace(/_/g, " "), text }];
  });
  if (!chips.length) return null;
  return (
    <ul class="chips" aria-label="Active options">
      {chips.map(({ param, title, text }) => (
        <li>
          <b>{title}</b> <span title={text}>{text}</span>
          <button type="button" aria-label={`Remove ${title}`} title="Remove" onClick={() => go({ ...place, params: withParams(place.params, { [param]: "" }) })}>
            ✕
          </button>
        </li>
      ))}
    </ul>
  );
}
