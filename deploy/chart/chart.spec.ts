import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { services, type ServiceRow } from '@shop/contracts/services';
import { describe, expect, test } from 'vitest';
import { chart, fileOf, hasHelm, parse, template, variant, variants, type Manifest } from './helm.ts';
import { documented } from './values-tables.ts';

const names = Object.keys(variants);
const hasKubeconform = spawnSync('kubeconform', ['-v']).status === 0;
if (!hasHelm) console.warn('Skipped: there is no helm here, https://helm.sh/docs/intro/install');
else if (!hasKubeconform) console.warn('Skipped: schemas are not checked without kubeconform');

const queue = '{"name":"image-worker","depthFrom":"catalog","perReplica":4}';
const all = (manifests: Manifest[], kind: string) => manifests.filter((each) => each.kind === kind);

describe.skipIf(!hasHelm)('the chart', () => {
  test('passes helm lint', () => {
    const { status, stdout } = spawnSync('helm', ['lint', '--strict', chart, '-f', `${chart}/values-demo.yaml`], {
      encoding: 'utf8',
    });
    expect(status, stdout).toBe(0);
  });

  test.each(names)('%s is rendered as in k8s/rendered', (name) => {
    expect(readFileSync(fileOf(name), 'utf8'), 'run: npm run docs:chart').toBe(variant(name));
  });

  test.skipIf(!hasKubeconform).each(names)('%s is valid for Kubernetes', (name) => {
    const options = ['-strict', '-summary', '-skip', 'ScaledObject', '-'];
    const { status, stdout } = spawnSync('kubeconform', options, { encoding: 'utf8', input: variant(name) });
    expect(status, stdout).toBe(0);
    expect(stdout).toMatch(/Invalid: 0, Errors: 0/);
  });

  test('its README lists the values', () => {
    const { current, wanted } = documented();
    expect(current, 'run: npm run docs:chart').toBe(wanted);
  });
});

test.skipIf(!hasHelm)('an HTTPRoute to the edge can replace the Ingress', () => {
  const wanted = ['ingress.enabled=false', 'httpRoute.enabled=true', 'httpRoute.parents[0].name=door'];
  const manifests = parse(template(['demo'], ...wanted.flatMap((each) => ['--set', each])).text);
  expect(all(manifests, 'Ingress')).toEqual([]);
  expect(all(manifests, 'HTTPRoute').map(({ spec }) => spec)).toEqual([
    { parentRefs: [{ name: 'door' }], rules: [{ backendRefs: [{ name: 'edge', port: 80 }] }] },
  ]);
});

describe.skipIf(!hasHelm)('an invalid value is refused with a sentence:', () => {
  test.each([
    [['--set', 'catalogue.port=1'], "additional properties 'catalogue' not allowed"],
    [['--set', 'catalog.prot=1'], "additional properties 'prot' not allowed"],
    [['--set', 'global.img=1'], "additional properties 'img' not allowed"],
    [['--set', 'postgres.siez=1Gi'], "additional properties 'siez' not allowed"],
    [['--set', 'catalog.replicas.mni=1'], "additional properties 'mni' not allowed"],
    [['--set', 'ingress.hosts=x'], "additional properties 'hosts' not allowed"],
    [['--set', 'global.image.tag=latest'], "at '/global/image/tag'"],
    [['--set', 'catalog.replicas.min=9'], 'catalog.replicas: min 9 is more than max 8'],
    [['--set', 'catalog.replicas.min=0'], 'catalog.replicas.min: 0 needs replicas.queue'],
    [
      ['--set-json', `image-worker.replicas.queue=${queue}`],
      'image-worker.replicas.queue: network policies keep KEDA from reading it',
    ],
    [['--set-json', 'image-worker.replicas.queue={"nam":"x"}'], "additional properties 'nam' not allowed"],
    [['--set-json', 'global.metricsFrom=[{"ipBlock":{"cdir":"x"}}]'], "additional properties 'cdir' not allowed"],
    [['--set-json', 'global.metricsFrom=[{"podSelector":{"app":"x"}}]'], "additional properties 'app' not allowed"],
    [['--set', 'catalog.uses={mysql}'], 'catalog.uses: there is no "mysql" in global.uses. There are: accounts, all,'],
    [['--set', 'catalog.secrets.X=word'], "at '/secrets/X'"],
    [['--set', 'all.enabled=true'], 'all.enabled: the same services would run twice'],
    [['--set', 'payments.env.PAYMENT_PROVIDER=cash'], 'payments.env.PAYMENT_PROVIDER is "cash": use stripe, or fake'],
    [['--set', 'payments.env.PAYMENT_PROVIDER=stripe'], 'add stripe to payments.uses'],
    [
      ['--set', 'payments.env.PAYMENT_PROVIDER=stripe', '--set', 'payments.uses={stripe}'],
      'add PAYMENT_PROVIDER: stripe and STRIPE_PUBLISHABLE_KEY to gateway.env',
    ],
    [['--set', 'ingress.tlsSecret=shop-tls'], 'ingress.tlsSecret needs ingress.host'],
    [['--set', 'httpRoute.enabled=true'], 'httpRoute.parents is empty'],
  ])('%j', (options, sentence) => {
    const { ok, text } = template(['demo'], ...options);
    expect({ ok, text }).toEqual({ ok: false, text: expect.stringContaining(sentence) });
  });

  test('no payment provider', () => {
    expect(template([])).toEqual({
      ok: false,
      text: expect.stringContaining('payments.env.PAYMENT_PROVIDER is "": use stripe, or fake, which charges nobody'),
    });
  });
});

describe.skipIf(!hasHelm).each(names)('what is rendered for %s', (name) => {
  const manifests = hasHelm ? parse(template(variants[name]!).text) : [];
  const deployments = all(manifests, 'Deployment');
  const pods = [...deployments, ...all(manifests, 'StatefulSet')];
  const scalers = [...all(manifests, 'HorizontalPodAutoscaler'), ...all(manifests, 'ScaledObject')];

  test('has a number of replicas only where no autoscaler decides it', () => {
    const scaled = new Set(scalers.map(({ spec }) => spec.scaleTargetRef.name));
    for (const { metadata, spec } of deployments) {
      expect([metadata.name, spec.replicas === undefined]).toEqual([metadata.name, scaled.has(metadata.name)]);
      // If a later release left it out, Kubernetes would take it as 1.
      expect(spec.replicas ?? 1, metadata.name).toBe(1);
    }
  });

  test('allows a node to be drained', () => {
    for (const { metadata, spec } of all(manifests, 'PodDisruptionBudget')) {
      expect(spec).toMatchObject({ maxUnavailable: 1 });
      const scaler = scalers.find(({ spec: { scaleTargetRef } }) => scaleTargetRef.name === metadata.name);
      const { replicas } = deployments.find((each) => each.metadata.name === metadata.name).spec;
      expect(scaler?.spec.minReplicas ?? scaler?.spec.minReplicaCount ?? replicas).toBeGreaterThan(1);
    }
  });

  test('has no privilege and no secret that it does not need', () => {
    for (const { metadata, spec } of pods) {
      const { template } = spec;
      expect(template.spec, metadata.name).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      });
      for (const { securityContext, resources, env = [] } of template.spec.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(resources).toMatchObject({
          requests: { cpu: expect.anything(), memory: expect.anything() },
          limits: { memory: expect.anything() },
        });
        const databases = env
          .map((each: { name: string }) => each.name)
          .filter((each: string) => each.endsWith('_DATABASE_URL'));
        if (metadata.name !== 'all') expect(databases.length, metadata.name).toBeLessThan(2);
      }
    }
  });

  test('has a network policy for every pod, which opens only ports that a caller declares', () => {
    const policies = all(manifests, 'NetworkPolicy');
    for (const { metadata } of pods) {
      const policy = policies.find((each) => each.metadata.name === metadata.name);
      expect(policy?.spec.policyTypes, metadata.name).toEqual(['Ingress', 'Egress']);
      for (const { from } of policy.spec.ingress)
        if (metadata.name !== 'edge') expect(from, metadata.name).not.toBeUndefined();
      for (const { ports, to } of policy.spec.egress ?? [])
        if (ports.some(({ port }: { port: number }) => port !== 53)) expect(to, metadata.name).not.toBeUndefined();
    }
    expect(policies.find(({ metadata }) => metadata.name === 'default-deny').spec).toEqual({
      podSelector: { matchLabels: { 'app.kubernetes.io/part-of': 'shop' } },
      policyTypes: ['Ingress', 'Egress'],
    });
  });

  test('opens the ports that services listen on', () => {
    for (const { metadata, spec } of deployments) {
      const ports = spec.template.spec.containers[0].ports as { name: string; containerPort: number }[];
      const main = ports.find((port) => port.name === 'main')?.containerPort;
      const row = (services as Record<string, ServiceRow>)[metadata.name];
      const door = { gateway: 3000, all: 3000, edge: 8080 }[metadata.name as string];
      expect([metadata.name, main]).toEqual([metadata.name, door ?? row?.rpcPort]);
    }
  });

  test('needs no more connections than Postgres has', () => {
    const [postgres] = all(manifests, 'StatefulSet').filter(({ metadata }) => metadata.name === 'postgres');
    if (!postgres) return;
    const [, most] = /max_connections=(\d+)/.exec(postgres.spec.template.spec.containers[0].args.join(' '))!;
    const POOL = 10;
    const ownConnections = 2; // to ask for readiness, and to migrate or for withLock
    const podsAtMost = deployments
      .filter(({ spec }) => /_DATABASE_URL/.test(JSON.stringify(spec)))
      .map(({ metadata, spec }) => {
        const scaler = scalers.find((each) => each.metadata.name === metadata.name);
        const databases = JSON.stringify(spec).match(/_DATABASE_URL/g)!.length;
        return Math.ceil((scaler?.spec.maxReplicas ?? spec.replicas) * 1.25) * databases;
      });
    expect(podsAtMost.reduce((a, b) => a + b, 0) * (POOL + ownConnections)).toBeLessThan(Number(most));
  });
});
