// Which profiles are shown: one, its difference to another, two beside each other; and fetching again.

import type { ViewProps } from "./app_view";
import { Menu } from "./menu_view";
import { withParams } from "./state";

interface ProfileMenuProps extends ViewProps {
  again: () => void;
  fetching: boolean;
}

export function ProfileMenu({ place, go, meta, again, fetching }: ProfileMenuProps) {
  const profiles = meta?.profiles ?? [];
  const current = profiles.find((p) => p.current);
  const shown = place.params.get("profile") ?? current?.id ?? "";
  const before = profiles.filter((p) => p.earlier && p.id !== shown).pop();
  const set = (change: Record<string, string>) => go({ ...place, params: withParams(place.params, change) });
  const choice = (label: string, param: string, none: string) => (
    <label class="row">
      <span>{label}</span>
      <select value={place.params.get(param) ?? ""} onChange={(e) => set({ [param]: e.currentTarget.value })}>
        <option value="">{none}</option>
        {profiles
          .filter((p) => param === "profile" ? !p.current : p.id !== shown)
          .map((p) => (
            <option value={p.id}>{p.label}</option>
          ))}
      </select>
    </label>
  );
  return (
    <Menu title={fetching ? "Fetching …" : "Profiles"} active={["profile", "base", "beside"].some((p) => place.params.has(p))} form>
      <button type="button" disabled={fetching} onClick={again}>
        Fetch again <small>r</small>
      </button>
      {before && (
        <button type="button" onClick={() => set({ base: before.id, beside: "" })}>
          Compare with before <small>{before.label}</small>
        </button>
      )}
      {profiles.length > 1 && (
        <>
          <hr />
          {choice("Show", "profile", current?.label ?? "")}
          {choice("Difference to", "base", "none")}
          {choice("Beside it", "beside", "none")}
        </>
      )}
    </Menu>
  );
}
