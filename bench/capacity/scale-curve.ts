// A chart of throughput relative to one replica, over the number of replicas, as SVG.
import { efficiency, type Result } from './result.ts';

const [WIDTH, HEIGHT] = [640, 400];
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 150, 24, 48];
/** Curves differ in their marks too, not only in colour. */
const STYLES = [
  { colour: '#0b6e4f', mark: (x: number, y: number) => `<circle cx="${x}" cy="${y}" r="5"/>` },
  { colour: '#b5541c', mark: (x: number, y: number) => `<rect x="${x - 5}" y="${y - 5}" width="10" height="10"/>` },
];

export function scaleCurve({ subjects }: Result): string {
  const counts = [...new Set(subjects.flatMap(({ points }) => points.map(({ replicas }) => replicas)))].sort(
    (a, b) => a - b,
  );
  const most = Math.max(...counts);
  const throughputs = subjects.flatMap(({ points }) =>
    points.map((point) => efficiency(points, point) * point.replicas),
  );
  const highest = Math.max(most, ...throughputs);
  const x = (replicas: number) => round(LEFT + ((WIDTH - LEFT - RIGHT) * replicas) / most);
  const y = (times: number) => round(HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * times) / (highest * 1.1));
  const line = (points: [number, number][], style: string) =>
    `<polyline points="${points.map(([a, b]) => `${x(a)},${y(b)}`).join(' ')}" fill="none" ${style}/>`;
  const text = (at: [number, number], words: string, style = '') =>
    `<text x="${at[0]}" y="${at[1]}" ${style}>${words}</text>`;
  const middle = 'text-anchor="middle"';
  const grid = counts.flatMap((count) => [
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(count)}" y2="${y(count)}" stroke="#ddd"/>`,
    text([LEFT - 10, y(count) + 4], `${count}×`, 'text-anchor="end"'),
    text([x(count), HEIGHT - BOTTOM + 20], String(count), middle),
  ]);
  const curves = subjects.flatMap((subject, i) => {
    const { colour, mark } = STYLES[i % STYLES.length]!;
    const at = subject.points.map((point): [number, number] => [
      point.replicas,
      efficiency(subject.points, point) * point.replicas,
    ]);
    const [lastX, lastY] = at.at(-1)!;
    // Labels stand at the ends of the curves, at different heights because the ends may be close.
    const label: [number, number] = [x(lastX) + 12, y(lastY) + (i === 0 ? 0 : 20)];
    return [
      line(at, `stroke="${colour}" stroke-width="2.5"`),
      `<g fill="${colour}">${at.map(([a, b]) => mark(x(a), y(b))).join('')}`,
      `${text(label, `${subject.name} ${lastY.toFixed(1)}×`)}</g>`,
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13" fill="#333">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...grid,
    line(
      [0, most].map((count): [number, number] => [count, count]),
      'stroke="#999" stroke-dasharray="5 5"',
    ),
    ...curves,
    text([round((LEFT + WIDTH - RIGHT) / 2), HEIGHT - 8], 'replicas of each', middle),
    text([LEFT, TOP - 8], 'throughput relative to one', 'text-anchor="middle" dx="40"'),
    '</svg>',
    '',
  ].join('\n');
}

const round = (value: number) => Math.round(value * 10) / 10;
