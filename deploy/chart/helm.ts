// Renders the chart with Helm, without a cluster.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { root } from '@shop/tools/data-dir';

export const chart = join(root, 'deploy', 'chart');
export const rendered = join(root, 'k8s', 'rendered');

/** The variants in k8s/rendered, with the values files of each. */
export const variants: Record<string, string[]> = {
  default: ['demo'],
  small: ['demo', 'small'],
  production: ['production'],
  proof: ['demo', 'proof'],
};

export const hasHelm = spawnSync('helm', ['version', '--short']).status === 0;

export interface Rendered {
  ok: boolean;
  /** The manifests, or the error. */
  text: string;
}

export function template(values: string[], ...options: string[]): Rendered {
  const files = values.flatMap((name) => ['-f', join(chart, `values-${name}.yaml`)]);
  const { status, stdout, stderr } = spawnSync(
    'helm',
    ['template', 'shop', chart, '-n', 'shop', ...files, ...options],
    {
      encoding: 'utf8',
    },
  );
  return status === 0 ? { ok: true, text: stdout } : { ok: false, text: stderr.trim() };
}

/** Manifests for `kubectl apply`: without tests, which only Helm runs, and without secrets, which do not belong in a repository. */
export function variant(name: string): string {
  const { ok, text } = template(variants[name]!, '--skip-tests', '--set', 'generateSecrets=false');
  if (!ok) throw new Error(text);
  return `# npm run docs:chart: ${variants[name]!.map((file) => `values-${file}.yaml`).join(' and ')}, as Helm renders them.\n${text}`;
}

export const fileOf = (name: string) => join(rendered, name, 'shop.yaml');
export const isKept = (name: string) => existsSync(fileOf(name));

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each kind has its own shape
export type Manifest = any;

export function parse(text: string): Manifest[] {
  return parseAllDocuments(text)
    .flatMap((document) => (document.errors[0] ? [] : [document.toJS()]))
    .filter(Boolean);
}
