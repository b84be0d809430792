import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findCluster } from './kubectl.ts';
import { lacking } from './lacking.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shop-programs-'));
  vi.stubEnv('PATH', dir);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true });
});

/** A program of this name that does what these lines of shell say. */
async function program(name: string, lines: string): Promise<void> {
  const file = join(dir, name);
  await writeFile(file, `#!/bin/sh\n${lines}\n`);
  await chmod(file, 0o755);
}

test('names a missing program and where to get it', async () => {
  await expect(findCluster()).rejects.toThrow(
    'kubectl was not found. Install it: https://kubernetes.io/docs/tasks/tools',
  );
  await program('kubectl', 'echo "Client Version: v1.34.1"');
  await expect(findCluster()).rejects.toThrow('helm was not found. Install it: https://helm.sh/docs/intro/install');
  await program('helm', 'echo v3.19.0+g3d8990f');
  await expect(findCluster()).rejects.toThrow('This needs Helm 4, but v3.19.0+g3d8990f is installed');
});

test('reports a cluster that does not answer, with the message of kubectl and a way out', async () => {
  await program('helm', 'echo v4.1.4+g05fa379');
  await program('kubectl', 'case "$*" in *readyz*) echo "localhost:8080 was refused" >&2; exit 1;; esac');
  await expect(findCluster()).rejects.toThrow('No cluster answers: localhost:8080 was refused\nSet KUBECONFIG');
  await program('kubectl', 'case "$*" in *current-context) echo kind-shop;; esac');
  expect(await findCluster()).toBe('kind-shop');
});

test('names the parts that the shop relies on and the cluster lacks', async () => {
  const manifests = 'kind: Deployment\n---\nkind: HorizontalPodAutoscaler\n---\nkind: Ingress\n';
  await program('kubectl', 'case "$*" in *metrics*) exit 1;; esac');
  expect(await lacking(manifests)).toEqual([
    expect.stringMatching('There is no metrics-server'),
    expect.stringMatching('There is no ingress controller'),
  ]);
  expect(await lacking('kind: Deployment\n')).toEqual([]);
  await program('kubectl', 'case "$*" in *ingressclass*) printf traefik;; esac');
  expect(await lacking(manifests)).toEqual([]);
});
