// A button that opens a menu, with the keys that menus have everywhere.

import { useEffect, useRef, useState } from "preact/hooks";

/** Arrow keys, Home and End within the menu that the event came from. */
export function moveInMenu(e: KeyboardEvent) {
  const menu = (e.currentTarget as HTMLElement).closest<HTMLElement>(".menu, .menu-items")!;
  const items = [...menu.querySelectorAll<HTMLElement>(".menu-items :is(button, input, select):enabled, :scope > button[role=menuitem]")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[e.key];
  if (to === undefined || !items.length) return;
  items[(to + items.length) % items.length].focus();
  e.preventDefault();
}

/** Entries close their menu; fields and what belongs to them do not. */
function closes(target: Element): boolean {
  const button = target.closest("button");
  return button !== null && !button.matches(".icon, form button");
}

interface MenuProps {
  title: preact.ComponentChildren;
  label?: string;
  active?: boolean; // something is set in it
  form?: boolean; // it holds fields: only its plain entries close it
  children: preact.ComponentChildren;
}

export function Menu({ title, label, active, form, children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const items = box.current!.querySelector<HTMLElement>(".menu-items")!;
    const over = items.getBoundingClientRect().right - innerWidth + 8;
    if (over > 0) items.style.left = `${-over}px`;
    items.querySelector<HTMLElement>("button:enabled, input, select")?.focus();
  }, [open]);
  return (
    <div
      class="menu"
      ref={box}
      onFocusOut={(e) => {
        if (e.relatedTarget && !box.current!.contains(e.relatedTarget as Node)) setOpen(false);
      }}
      onKeyDown={(e) => {
        if (e.key === "Escape" && open) {
          setOpen(false);
          box.current!.querySelector("button")!.focus();
          e.stopPropagation();
        } else if (open) moveInMenu(e);
      }}
    >
      <button
        type="button"
        class={active ? "on" : ""}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={label}
        onClick={() => setOpen(!open)}
      >
        {title} <span class="caret" aria-hidden="true" />
      </button>
      {open && (
        <>
          <div class="shade" onClick={() => setOpen(false)} />
          <div class="menu-items" role={form ? "group" : "menu"} onClick={(e) => closes(e.target as Element) && setOpen(false)}>
            {children}
          </div>
        </>
      )}
    </div>
  );
}
