// What the parts of a proof found, as a page.

export interface Part {
  part: string;
  /** In UTC. */
  at: string;
  commit: string;
  cluster: string;
  machine: string;
  /** The machine's, of all that ran on it, over the last five minutes. */
  loadAverage: number;
  tests: { name: string; result: string; seconds: number }[];
  figures: { what: string; figures: Record<string, unknown> }[];
}

/** `all`: the names of the parts there are. */
export function reportOf(parts: Part[], all: string[]): string {
  const tests = parts.flatMap((part) => part.tests);
  const passed = tests.filter(({ result }) => result === 'passed').length;
  const skipped = tests.filter(({ result }) => result === 'skipped').length;
  const missing = all.filter((name) => !parts.some(({ part }) => part === name));
  const unique = (values: string[]) => [...new Set(values)].join('; ');
  return [
    '# What `npm run chaos -- cluster` found',
    '',
    `**${passed} of ${tests.length - skipped} passed**${skipped > 0 ? `, ${skipped} skipped` : ''}. Each part says when and of which commit.${missing.length > 0 ? ` Not run: ${missing.join(', ')}.` : ''}`,
    `${unique(parts.map(({ cluster }) => cluster))}, all on one machine: ${unique(parts.map(({ machine }) => machine))}.`,
    'The shop has `values-proof.yaml`: pods so small that this machine can show what larger ones do on larger machines. k6, the',
    'ingress controller and the cluster itself share its cores with them.',
    '',
    ...parts.flatMap(words),
  ].join('\n');
}

function words({ part, at, commit, loadAverage, tests, figures }: Part): string[] {
  return [
    `## ${part}`,
    '',
    `On ${at} UTC, commit ${commit}, at a load average of ${loadAverage}.`,
    '',
    ...(part === 'scaling' ? ['![Pods, requests and their times over a spike](cluster-autoscaling.svg)', ''] : []),
    ...figures.flatMap(({ what, figures }) => [`**${what}**`, '', ...table(figures), '']),
    '| test | result | seconds |',
    '| --- | --- | ---: |',
    ...tests.map(({ name, result, seconds }) => `| ${name} | ${result} | ${seconds} |`),
    '',
  ];
}

function table(figures: Record<string, unknown>): string[] {
  return [
    '| | |',
    '| --- | --- |',
    ...Object.entries(figures).map(([what, figure]) => `| ${what} | ${shown(figure)} |`),
  ];
}

function shown(figure: unknown): string {
  if (Array.isArray(figure)) return figure.join(', ');
  if (typeof figure !== 'object' || figure === null) return String(figure);
  return Object.entries(figure)
    .map(([name, value]) => `${name}: ${shown(value)}`)
    .join('; ');
}
