// Keys that work anywhere but in a text field; views have more of their own.

import { useEffect, useRef } from "preact/hooks";
import { type Place, views } from "./state";

interface KeysProps {
  place: Place;
  go: (place: Place) => void;
  again: () => void;
  toggle: (panel: "options" | "help") => void;
  close: () => void;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input:not([type=checkbox]):not([type=range]), select, textarea");
}

/** Puts the keyboard into the view: its first part that scrolls or draws. */
function enterView() {
  document.querySelector<HTMLElement>("main [tabindex='0']")?.focus();
}

function onKey(e: KeyboardEvent, { place, go, again, toggle, close }: KeysProps) {
  const view = views.find((v) => v.key === e.key);
  if (view) go({ ...place, view: view.view });
  else if (e.key === "/") document.querySelector<HTMLInputElement>("#search")?.focus();
  else if (e.key === "?") toggle("help");
  else if (e.key === "o") toggle("options");
  else if (e.key === "r") again();
  else if (e.key === "v") enterView();
  else if (e.key === "b") history.back();
  else if (e.key === "Escape") close();
  else return;
  e.preventDefault();
}

export function useKeys(props: KeysProps) {
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const listen = (e: KeyboardEvent) => {
      if (e.ctrlKey || e.metaKey || e.altKey || isTyping(e.target)) return;
      onKey(e, latest.current);
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
}
