// Light or dark: what the system says, unless the person chose. The choice is kept in the browser.

import { useEffect, useState } from "preact/hooks";

export type Theme = "auto" | "light" | "dark";

const KEY = "pprof-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "auto";
  } catch {
    return "auto"; // a file, or storage is forbidden
  }
}

let theme = stored();

function apply() {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  for (const listener of listeners) listener();
}

apply();
system.addEventListener("change", apply);

export function setTheme(next: Theme) {
  theme = next;
  try {
    if (next === "auto") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // the choice lasts as long as the page
  }
  apply();
}

const isDark = () => theme === "dark" || (theme === "auto" && system.matches);

function useTheme<T>(read: () => T): T {
  const [value, setValue] = useState(read);
  useEffect(() => {
    const listener = () => setValue(read);
    listeners.add(listener);
    listener();
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return value;
}

export const useDark = () => useTheme(isDark);
export const useChosenTheme = () => useTheme(() => theme);
