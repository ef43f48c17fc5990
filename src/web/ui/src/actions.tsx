// What can be done with functions that were picked: the entries of google/pprof's Refine menu, and
// where else to look. Shown as a menu at a place, and inside of the header's menu.

import { useEffect, useRef } from "preact/hooks";
import { moveInMenu } from "./menu_view";
import { exactPattern, type Place, type View, withParams } from "./state";

interface Refinement {
  title: string;
  param: string;
  adds: boolean; // to what is set already, instead of replacing it
  help: string;
}

export const refinements: Refinement[] = [
  { title: "Focus", param: "f", adds: false, help: "only stacks with it" },
  { title: "Ignore", param: "i", adds: true, help: "no stacks with it" },
  { title: "Hide", param: "h", adds: true, help: "stacks without its frames" },
  { title: "Show", param: "s", adds: false, help: "only its frames" },
  { title: "Show from", param: "sf", adds: false, help: "stacks from it on" },
];

export function refined(place: Place, { param, adds }: Refinement, pattern: string): Place {
  const old = adds ? (place.params.get(param) ?? "") : "";
  return { ...place, params: withParams(place.params, { [param]: old ? `${pattern}|${old}` : pattern, p: "" }) };
}

export interface MenuAt {
  names: string[];
  x: number;
  y: number;
}

interface ActionProps {
  names: string[];
  place: Place;
  go: (place: Place) => void;
}

export function Actions({ names, place, go }: ActionProps) {
  const pattern = exactPattern(names);
  const look = (view: View, param: string, title: string) => (
    <button type="button" role="menuitem" onClick={() => go({ view, params: withParams(place.params, { [param]: pattern }) })}>
      {title}
    </button>
  );
  return (
    <>
      {refinements.map((r) => (
        <button type="button" role="menuitem" onClick={() => go(refined(place, r, pattern))}>
          {r.title} <small>{r.help}</small>
        </button>
      ))}
      <hr />
      {look("flamegraph", "p", "Callers and callees")}
      {look("source", "f", "Source")}
      {look("disasm", "f", "Disassembly")}
      {look("peek", "f", "Peek")}
      <button type="button" role="menuitem" onClick={() => navigator.clipboard?.writeText(names.join("\n"))}>
        Copy name
      </button>
    </>
  );
}

export function ActionMenu({ at, place, go, close }: { at: MenuAt; place: Place; go: (place: Place) => void; close: () => void }) {
  const menu = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const box = menu.current!.getBoundingClientRect();
    menu.current!.style.left = `${Math.max(4, Math.min(at.x, innerWidth - box.width - 8))}px`;
    menu.current!.style.top = `${Math.max(4, Math.min(at.y, innerHeight - box.height - 8))}px`;
    menu.current!.querySelector("button")?.focus();
    const outside = (e: PointerEvent) => menu.current?.contains(e.target as Node) || close();
    addEventListener("pointerdown", outside);
    return () => {
      removeEventListener("pointerdown", outside);
      before?.focus();
    };
  }, [at]);
  return (
    <div
      class="menu-items at"
      role="menu"
      aria-label={at.names.join(", ")}
      ref={menu}
      onKeyDown={(e) => {
        if (e.key === "Escape") close();
        else moveInMenu(e);
        e.stopPropagation();
      }}
      onClick={close}
    >
      <p class="menu-title">{at.names.length === 1 ? at.names[0] : `${at.names.length} functions`}</p>
      <Actions names={at.names} place={place} go={go} />
    </div>
  );
}
