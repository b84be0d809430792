// The summary of a run: a table on the terminal, and with SUMMARY=FILE the same figures as JSON.
import { limits, type FlowName } from './limits.ts';
import { loadName, rate, seconds, untilFailure } from './options.ts';
import type { Summary, Times } from './result.ts';
import { target } from './visitor.ts';

/** The data that k6 passes to handleSummary(). */
interface Data {
  metrics: Record<string, { values: Record<string, number>; thresholds?: Record<string, { ok: boolean }> }>;
  state: { testRunDurationMs: number };
}

export function summarise(data: Data): Record<string, string> {
  const summary = toSummary(data);
  if (Object.keys(summary.flows).length === 0) return {};
  const file = __ENV['SUMMARY'];
  return { stdout: textOf(summary), ...(file ? { [file]: `${JSON.stringify(summary, null, 2)}\n` } : {}) };
}

function toSummary({ metrics, state }: Data): Summary {
  const value = (metric: string, of: string) => metrics[metric]?.values[of];
  const times = (metric: string): Times | undefined => {
    const { values } = metrics[metric] ?? {};
    if (!values?.['count']) return undefined;
    const { count, med = 0, 'p(95)': p95 = 0, 'p(99)': p99 = 0, max = 0 } = values;
    return { count, med, p95, p99, max };
  };
  const flows: Summary['flows'] = {};
  for (const flow of Object.keys(limits) as FlowName[]) {
    const measured = times(`http_req_duration{flow:${flow}}`);
    if (!measured) continue;
    flows[flow] = {
      ...measured,
      failed: value(`http_req_failed{flow:${flow}}`, 'rate') ?? 0,
      right: value(`checks{flow:${flow}}`, 'rate') ?? 0,
      dropped: value(`dropped_iterations{scenario:${flow}}`, 'count') ?? 0,
    };
  }
  const ran = state.testRunDurationMs / 1000;
  const requests = value('http_reqs', 'count') ?? 0;
  const paid = times('order_paid');
  return {
    ...{ load: loadName, target, rate, plannedSeconds: seconds, seconds: ran },
    ...{ requests, requestsPerSecond: value('http_reqs', 'rate') ?? 0, flows },
    ...(paid ? { orderPaid: paid } : {}),
    ...(metrics['edge_copies'] ? { edgeCopies: value('edge_copies', 'rate')! } : {}),
    ...(metrics['browser_copies'] ? { browserCopies: value('browser_copies', 'rate')! } : {}),
    rateLimited: value('rate_limited', 'count') ?? 0,
    crossed: Object.entries(metrics).flatMap(([name, { thresholds = {} }]) =>
      Object.entries(thresholds).flatMap(([threshold, { ok }]) => (ok ? [] : [`${name}: ${threshold}`])),
    ),
  };
}

function textOf(summary: Summary): string {
  const { flows, orderPaid, edgeCopies, browserCopies, crossed } = summary;
  const columns = ['requests', 'median', 'p95', 'p99', 'max', 'failed', 'correct'];
  const row = (name: string, cells: string[]) => name.padEnd(12) + cells.map((cell) => cell.padStart(11)).join('');
  const cells = ({ count, med, p95, p99, max }: Times) => [String(count), ...[med, p95, p99, max].map(milliseconds)];
  const lines = [
    '',
    `${summary.load}, ${summary.rate} actions/s for ${summary.seconds.toFixed(0)} s at ${summary.target}: ` +
      `${summary.requests} requests, ${summary.requestsPerSecond.toFixed(1)}/s`,
    '',
    row('', columns),
    ...Object.entries(flows).map(([name, flow]) =>
      row(name, [...cells(flow), percent(flow.failed), percent(flow.right)]),
    ),
    ...(orderPaid ? [row('until paid', cells(orderPaid))] : []),
    '',
    ...(edgeCopies === undefined
      ? []
      : [`Hit ratio of the edge's cache: ${percent(edgeCopies)} of cacheable requests.`]),
    ...(browserCopies === undefined
      ? []
      : [`Hit ratio of browser caches: ${percent(browserCopies)} of public pages (304).`]),
    ...(summary.rateLimited === 0 ? [] : [rateLimitHint(summary.rateLimited)]),
    ...(untilFailure && crossed.length > 0
      ? [`A threshold was crossed after ${summary.seconds.toFixed(0)} s, ${reached(summary)}.`]
      : []),
    ...(crossed.length === 0 ? ['All thresholds hold.'] : crossed.map((threshold) => `✗ ${threshold}`)),
    '',
  ];
  return lines.join('\n');
}

function rateLimitHint(times: number): string {
  return `${times} responses were 429: for load tests start the shop with RATE_LIMITS=off, and the edge with --rate-limits off.`;
}

function reached(summary: Summary): string {
  const perSecond = summary.rate * Math.min(1, summary.seconds / summary.plannedSeconds);
  return `at about ${perSecond.toFixed(0)} actions/s`;
}

const milliseconds = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const percent = (part: number) => `${(part * 100).toFixed(part > 0.99 && part < 1 ? 2 : 1)} %`;
