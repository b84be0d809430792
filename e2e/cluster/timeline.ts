// What happened over time, as a chart: one panel above the other, all over the same seconds.

export interface Panel {
  title: string;
  lines: Record<string, [second: number, value: number][]>;
}

const WIDTH = 900;
const PANEL = 150;
const GAP = 50;
const LEFT = 60;
const RIGHT = 150;
const colors = ['#2563eb', '#d97706', '#059669', '#dc2626', '#7c3aed', '#475569'];

export function timeline(panels: Panel[], marks: Record<string, number> = {}): string {
  const points = panels.flatMap(({ lines }) => Object.values(lines).flat());
  const seconds = Math.max(1, ...points.map(([second]) => second));
  const x = (second: number) => LEFT + (second / seconds) * (WIDTH - LEFT - RIGHT);
  const height = panels.length * (PANEL + GAP) + 30;
  const lines = Object.entries(marks).map(
    ([name, second]) =>
      `<line x1="${x(second)}" x2="${x(second)}" y1="20" y2="${height - 30}" stroke="#94a3b8" stroke-dasharray="4 4"/>` +
      `<text x="${x(second) + 4}" y="16">${name}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    ...lines,
    ...panels.map((panel, i) => draw(panel, 40 + i * (PANEL + GAP), x)),
    ...axis(seconds).map(
      (second) => `<text x="${x(second)}" y="${height - 12}" text-anchor="middle">${second} s</text>`,
    ),
    '</svg>\n',
  ].join('\n');
}

function draw({ title, lines }: Panel, top: number, x: (second: number) => number): string {
  const highest = axis(Math.max(1, ...Object.values(lines).flatMap((line) => line.map(([, value]) => value)))).at(-1)!;
  const y = (value: number) => top + PANEL - (value / highest) * PANEL;
  const grid = [0, highest / 2, highest].map(
    (value) =>
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}" stroke="#e2e8f0"/>` +
      `<text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${value}</text>`,
  );
  const drawn = Object.entries(lines).map(([name, line], i) => {
    const path = line.map(([second, value]) => `${x(second).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    const color = colors[i % colors.length];
    return (
      `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="1.5"/>` +
      `<text x="${WIDTH - RIGHT + 10}" y="${top + 14 + i * 16}" fill="${color}">${name}</text>`
    );
  });
  return [`<text x="${LEFT}" y="${top - 8}" font-weight="600">${title}</text>`, ...grid, ...drawn].join('\n');
}

/** Round numbers from 0 to at least `most`. */
function axis(most: number): number[] {
  const magnitude = 10 ** Math.floor(Math.log10(most));
  const step = [0.2, 0.5, 1, 2].map((part) => part * magnitude).find((each) => most / each <= 6)!;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => Number((i * step).toFixed(6)));
}
