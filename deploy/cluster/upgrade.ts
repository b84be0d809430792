// The changes that an upgrade would make to a release, and whether they are allowed.
import { parseAllDocuments } from 'yaml';
import { run } from '@shop/tools/processes';
import { Failure } from '@shop/tools/terminal';
import { RELEASE } from './kubectl.ts';

export interface Release {
  /** Values set by users as JSON, without the chart's defaults. */
  values: string;
  manifests: string;
}

/** Undefined when there is no release. Other errors are thrown: an outage must not lead to a new installation. */
export async function findRelease(namespace: string): Promise<Release | undefined> {
  const get = async (what: string[], ...options: string[]) => {
    const command = ['helm', ...what, RELEASE, '-n', namespace, ...options];
    const { code, output } = await run(command);
    if (code === 0) return output;
    if (/release: not found/.test(output)) return undefined;
    throw new Failure(`${command.join(' ')}: ${output.trim()}`);
  };
  const history = await get(['history'], '-o', 'json');
  if (history === undefined) return undefined;
  const revision = currentRevision(history);
  const values = await get(['get', 'values'], '-o', 'json', '--revision', revision);
  const manifests = await get(['get', 'manifest'], '--revision', revision);
  if (values === undefined || manifests === undefined) return undefined;
  // Helm may print a warning first, and "null" for no values.
  return { values: /^\{.*$/ms.exec(values)?.[0] ?? '{}', manifests };
}

/** The deployed revision, not later ones that failed; the last one when none was ever deployed. */
export function currentRevision(history: string): string {
  const revisions = JSON.parse(/^\[.*$/ms.exec(history)![0]) as { revision: number; status: string }[];
  const { revision } = revisions.findLast(({ status }) => status === 'deployed') ?? revisions.at(-1)!;
  return String(revision);
}

/** Settings of a demo: accounts with public passwords, and the fake payment provider. */
const demo: Record<string, string> = { SEED: 'demo', PAYMENT_PROVIDER: 'fake' };

/** Fails when a release that is not a demo would become one. */
export function refuseDemo(before: string, after: string): void {
  const [had, gets] = [environment(before), environment(after)];
  const becomes = Object.entries(demo).flatMap(([name, value]) => {
    const old = had.get(name) ?? new Set();
    if (old.has(value) || !gets.get(name)?.has(value)) return [];
    return `${name} would change from ${[...old].sort().join(' and ') || 'none'} to ${value}`;
  });
  if (becomes.length > 0)
    throw new Failure(
      `This shop is not a demo, and ${becomes.join(', ')}. Nothing was changed. Without --values the shop keeps its settings; --force-demo makes it a demo anyway.`,
    );
}

/** All values of each variable in all pods. */
function environment(manifests: string): Map<string, Set<string>> {
  const values = new Map<string, Set<string>>();
  for (const fields of resourcesIn(manifests).values())
    for (const [path, value] of fields) {
      const [, name] = /\.env\.([^.]+)\.value$/.exec(path) ?? [];
      if (name !== undefined) values.set(name, (values.get(name) ?? new Set()).add(value));
    }
  return values;
}

const MAX_LINES = 40;
const MAX_CHARACTERS = 60;

/** One line per change, with its resources. Secrets and credentials in URLs are left out. */
export function changes(before: string, after: string): string[] {
  const [old, now] = [resourcesIn(before), resourcesIn(after)];
  const lines = new Map<string, string[]>();
  const add = (line: string, resource: string) => lines.set(line, [...(lines.get(line) ?? []), resource]);
  for (const [resource, fields] of now) {
    const had = old.get(resource);
    if (!had) add('+', resource);
    else
      for (const path of new Set([...had.keys(), ...fields.keys()])) {
        const [from, to] = [had.get(path), fields.get(path)];
        if (from !== to) add(`~ ${shortened(path)}: ${shown(from)} → ${shown(to)}`, resource);
      }
  }
  for (const resource of old.keys()) if (!now.has(resource)) add('-', resource);
  const all = [...lines].map(([line, resources]) =>
    line.length === 1 ? `${line} ${resources.join(', ')}` : `${line} (${resources.join(', ')})`,
  );
  const left = all.length - MAX_LINES;
  return left > 0 ? [...all.slice(0, MAX_LINES), `… and ${left} more`] : all;
}

function shortened(path: string): string {
  return path.replace(/^spec\.template\.spec\.containers\.[^.]+\./, '').replace(/^(env\..*)\.value$/, '$1');
}

function shown(value: string | undefined): string {
  if (value === undefined) return 'not set';
  const masked = value.replace(/:\/\/[^/@\s]*@/g, '://…@');
  return masked.length > MAX_CHARACTERS ? `${masked.slice(0, MAX_CHARACTERS - 1)}…` : masked;
}

/** The fields of each resource, by path. */
function resourcesIn(manifests: string): Map<string, Map<string, string>> {
  const resources = new Map<string, Map<string, string>>();
  for (const document of parseAllDocuments(manifests)) {
    const resource = ('toJS' in document ? document.toJS() : undefined) as
      { kind?: string; metadata?: { name?: string; annotations?: Record<string, string> } } | null | undefined;
    // `helm get manifest` omits hooks, so they would look like additions.
    if (!resource?.kind || resource.kind === 'Secret' || resource.metadata?.annotations?.['helm.sh/hook']) continue;
    resources.set(`${resource.kind}/${resource.metadata?.name}`, new Map(fieldsOf(resource)));
  }
  return resources;
}

/** List items with a name are identified by it, not by their position. */
function* fieldsOf(value: unknown, path = ''): Generator<[string, string]> {
  if (typeof value !== 'object' || value === null) return yield [path, String(value)];
  for (const [key, inner] of Object.entries(value)) {
    const name = Array.isArray(value) && (inner as { name?: unknown } | null)?.name;
    yield* fieldsOf(inner, `${path}${path && '.'}${typeof name === 'string' ? name : key}`);
  }
}
