// Generates the tables of deploy/chart/README.md from the values files and their comments.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, parseDocument, type Pair, type YAMLMap } from 'yaml';
import { chart } from './helm.ts';

const readme = join(chart, 'README.md');
const begin = '<!-- values: begin (npm run docs:chart) -->';
const end = '<!-- values: end -->';
const shared = ['global', 'generateSecrets', 'ingress', 'httpRoute'];
const stores = ['postgres', 'redis-state', 'redis-cache', 's3'];

/** The README as it is and as it should be. */
export function documented(): { path: string; current: string; wanted: string } {
  const current = readFileSync(readme, 'utf8');
  const [before, rest] = current.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${readme} needs the lines ${begin} and ${end}`);
  return {
    path: readme,
    current,
    wanted: `${before}${begin}\n<!-- prettier-ignore-start -->\n\n${tables()}\n\n<!-- prettier-ignore-end -->\n${end}${after}`,
  };
}

function tables(): string {
  const top = sections('values.yaml');
  const common = top.filter(({ key }) => shared.includes(key)).flatMap((section) => leaves(section));
  const rest = top.filter(({ key }) => !shared.includes(key));
  const services = rest.filter(({ key }) => !stores.includes(key));
  return [
    '### For all of them',
    table(['Value', 'Default', 'Meaning'], common),
    '### Every service',
    table(['`<service>.`', 'Default', 'Meaning'], sections('charts/service/values.yaml').map(row)),
    table(['Service', 'Replicas', 'Requests', 'Memory at most', 'Uses'], services.map(service)),
    '### Every store',
    table(['`<store>.`', 'Default', 'Meaning'], sections('charts/store/values.yaml').map(row)),
    table(
      ['Store', 'Image', 'Kept', 'Memory at most', 'What for'],
      rest.filter(({ key }) => stores.includes(key)).map(store),
    ),
  ].join('\n\n');
}

interface Section {
  key: string;
  comment: string;
  pair: Pair;
}

function sections(file: string): Section[] {
  const document = parseDocument(readFileSync(join(chart, file), 'utf8'));
  return entries(document.contents as YAMLMap);
}

function entries(map: YAMLMap): Section[] {
  return map.items.map((pair) => {
    const key = pair.key as { value: string; commentBefore?: string };
    // A comment before an empty line describes the whole map; yaml attaches the comment of the first pair to its map.
    const above = (pair === map.items[0] ? (map.commentBefore ?? key.commentBefore) : key.commentBefore) ?? '';
    const comment = above
      .split('\n\n')
      .at(-1)!
      .replaceAll(/\s*\n\s*/g, ' ')
      .trim();
    return { key: key.value, comment: comment.startsWith('----') ? '' : comment, pair };
  });
}

/** Descends to values with a comment, or to the innermost values. */
function leaves({ key, comment, pair }: Section, path = ''): string[][] {
  const name = `${path}${key}`;
  const { value } = pair;
  if (isMap(value) && !value.flow && value.items.length > 0 && key !== 'uses')
    return entries(value).flatMap((inner) => leaves(inner, `${name}.`));
  return [[`\`${name}\``, key === 'uses' ? '' : code(value), comment]];
}

const row = ({ key, comment, pair }: Section) => [`\`${key}\``, code(pair.value), comment];

interface ServiceValues {
  replicas: { min: number; max: number };
  requests: { cpu: string; memory: string };
  limits: { memory: string };
  uses: string[];
}

function service({ key, pair }: Section): string[] {
  const defaults = Object.fromEntries(sections('charts/service/values.yaml').map((each) => [each.key, js(each.pair)]));
  const { replicas, requests, limits, uses } = Object.assign(defaults, js(pair)) as ServiceValues & object;
  const { min, max } = replicas;
  const pods = min === max ? String(min) : `${min} to ${max}`;
  return [key, pods, `${requests.cpu}, ${requests.memory}`, limits.memory, uses.join(', ')];
}

function store({ key, comment, pair }: Section): string[] {
  const { image, size = '', limits } = js(pair) as { image: string; size?: string; limits?: { memory: string } };
  return [key, `\`${image}\``, size || 'no', limits?.memory ?? '128Mi', comment];
}

const js = (pair: Pair) => (pair.value as { toJSON(): unknown }).toJSON();

function code(value: unknown): string {
  if (isScalar(value)) return value.value === '' ? '' : `\`${String(value.value)}\``;
  return `\`${JSON.stringify((value as YAMLMap).toJSON()).replaceAll('"', '')}\``;
}

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
