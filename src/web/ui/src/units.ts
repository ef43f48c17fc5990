// Numbers as pprof prints them, for what the page computes itself.

interface Unit {
  name: string;
  factor: number;
}

const memory: Unit[] = ["B", "kB", "MB", "GB", "TB", "PB"].map((name, i) => ({ name, factor: 1024 ** i }));
const time: Unit[] = [
  { name: "ns", factor: 1 },
  { name: "us", factor: 1e3 },
  { name: "ms", factor: 1e6 },
  { name: "s", factor: 1e9 },
  { name: "hrs", factor: 3600e9 },
];

function family(unit: string): Unit[] | null {
  if (unit === "bytes" || unit === "byte" || unit === "B") return memory;
  if (unit === "nanoseconds" || unit === "nanosecond" || unit === "ns") return time;
  return null;
}

function fixed(value: number): string {
  return value.toFixed(2).replace(/\.00$/, "");
}

/** "1.50MB" for 1572864 bytes; units outside the families are counts. */
export function formatValue(value: number, unit: string): string {
  const units = family(unit);
  if (value === 0) return "0";
  if (!units) return unit === "count" || unit === "" ? fixed(value) : `${fixed(value)}${unit}`;
  let best = units[0];
  for (const u of units) if (Math.abs(value) >= u.factor) best = u;
  return fixed(value / best.factor) + best.name;
}

export function formatPercent(value: number, total: number): string {
  return total === 0 ? "0%" : `${((Math.abs(value) / Math.abs(total)) * 100).toFixed(1)}%`;
}

const factors = new Map([...memory, ...time].map(({ name, factor }) => [name, factor]));

/** The number of a printed value in the smallest unit of its family: to compare values by. */
export function parseValue(text: string): number {
  const m = /^(-?\d[\d.]*)(\D*)$/.exec(text);
  return m ? Number(m[1]) * (factors.get(m[2]) ?? 1) : 0;
}

/** The sum of printed values of one family. */
export function sumTexts(texts: string[]): string {
  const suffix = texts.map((t) => /[A-Za-z]+$/.exec(t)?.[0]).find(Boolean) ?? "";
  const unit = memory.some((u) => u.name === suffix) ? "B" : time.some((u) => u.name === suffix) ? "ns" : suffix;
  return formatValue(texts.reduce((sum, t) => sum + parseValue(t), 0), unit);
}
