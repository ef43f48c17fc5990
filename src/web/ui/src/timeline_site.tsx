// What is known of one site: how it grows, what survives by age, who allocates and what holds.

import { ageBars, formatDuration, formatRate, holders, type Site, siteName } from "./timeline_model";
import { formatValue } from "./units";

const SPARK = { width: 120, height: 24 };

function Sparkline({ curve, label }: { curve: number[]; label: string }) {
  const most = Math.max(1, ...curve);
  const points = curve.map((v, i) => `${(i / Math.max(1, curve.length - 1)) * SPARK.width},${SPARK.height - 1 - (v / most) * (SPARK.height - 2)}`);
  return (
    <svg class="spark" viewBox={`0 0 ${SPARK.width} ${SPARK.height}`} role="img" aria-label={label} preserveAspectRatio="none">
      <polyline points={points.join(" ")} />
    </svg>
  );
}

function Ages({ site }: { site: Site }) {
  const bars = ageBars(site);
  if (!bars.length) return null;
  return (
    <table class="ages" aria-label="Survivors by age">
      <caption>Survivors by age, young first</caption>
      <tbody>
        {bars.map(({ label, share, count }) => (
          <tr>
            <th scope="row">{label}</th>
            <td class="bar-cell">
              <i style={{ width: `${share * 100}%` }} />
            </td>
            <td>{count}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A path, its root on top. */
function Chain({ title, steps, open }: { title: string; steps: string[]; open?: boolean }) {
  return (
    <details class="chain" open={open}>
      <summary>{title}</summary>
      <ol>
        {steps.map((step) => (
          <li>{step}</li>
        ))}
      </ol>
    </details>
  );
}

const steps = (path: string) => path.split(" -> ").map((s) => s.trim()).filter(Boolean);

interface SiteProps {
  site: Site;
  color: string | null; // of its curve
  times: boolean;
  isSuspect: boolean;
  source: (() => void) | null;
}

export function SiteCard({ site, color, times, isSuspect, source }: SiteProps) {
  const name = siteName(site);
  const trust = isSuspect && site.trust !== "unsure" ? ` (${site.trust})` : "";
  const swings = site.most_bytes > site.least_bytes * 1.01;
  return (
    <article class={`site ${isSuspect ? "suspect" : ""}`} aria-label={name}>
      <h3>
        {color && <i class="dot" style={{ background: color }} />}
        {source ? (
          <button type="button" class="link" title="Show the source" onClick={source}>
            {name}
          </button>
        ) : (
          name
        )}
      </h3>
      <p>
        <b class="verdict">{site.verdict + trust}</b> <Sparkline curve={site.curve} label={`Bytes in use of ${name} over time`} />
      </p>
      <dl>
        {isSuspect && (
          <>
            <dt>grows</dt>
            <dd>{formatRate(site.rate, times)}</dd>
          </>
        )}
        <dt>in use</dt>
        <dd>
          {formatValue(site.live_bytes, "bytes")} in {Math.round(site.live_objects)} objects
          {swings && `, ${formatValue(site.least_bytes, "bytes")} to ${formatValue(site.most_bytes, "bytes")}`}
        </dd>
        {site.period_seconds !== null && (
          <>
            <dt>swings</dt>
            <dd>every {formatDuration(site.period_seconds)}</dd>
          </>
        )}
        {site.oldest_seconds !== undefined && site.oldest_seconds > 0 && (
          <>
            <dt>oldest</dt>
            <dd>{formatDuration(site.oldest_seconds)}</dd>
          </>
        )}
      </dl>
      <Ages site={site} />
      {[site.caveat, site.needs, site.next].filter(Boolean).map((text) => (
        <p class="note">{text}</p>
      ))}
      {holders(site).map(({ title, steps }) => (
        <Chain title={title} steps={steps} open />
      ))}
      {site.stack && <Chain title="Allocated by" steps={steps(site.stack)} open={isSuspect} />}
    </article>
  );
}
