import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '@shop/tools/data-dir';
import { hasHelm, parse, template, variants, type Manifest } from '@shop/tools/chart/helm';

/** As `name/key`, of what pods ask for. */
function named(manifests: Manifest[]): string[] {
  const references = JSON.stringify(manifests).matchAll(/"secretKeyRef":\{"name":"([^"]+)","key":"([^"]+)"\}/g);
  return [...new Set([...references].map(([, name, key]) => `${name}/${key}`))].sort();
}

/** As `name/key`, of what is made; nothing in it is empty. */
function made(manifests: Manifest[]): string[] {
  return manifests
    .filter(({ kind }) => kind === 'Secret')
    .flatMap(({ metadata, stringData }) =>
      Object.entries(stringData as Record<string, string>)
        .filter(([, value]) => value !== '')
        .map(([key]) => `${metadata.name}/${key}`),
    );
}

describe.skipIf(!hasHelm).each(['default', 'small'])('the secrets that pods of %s name', (name) => {
  const manifests = hasHelm ? parse(template(variants[name]!).text) : [];

  test('are made by Helm, and kept', () => {
    expect(named(manifests)).toContain('catalog-database/url');
    expect(made(manifests)).toEqual(expect.arrayContaining(named(manifests)));
    for (const { kind, metadata } of manifests)
      if (kind === 'Secret') expect(metadata.annotations, metadata.name).toEqual({ 'helm.sh/resource-policy': 'keep' });
  });

  test('are made by k8s/secrets.sh, for the way without Helm', () => {
    const { stdout } = spawnSync('sh', [join(root, 'k8s', 'secrets.sh')], { encoding: 'utf8' });
    expect(made(parse(stdout))).toEqual(expect.arrayContaining(named(manifests)));
  });
});
