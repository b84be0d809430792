import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { accountsConfig } from '@shop/accounts/accounts.config';
import { catalogConfig } from '@shop/catalog/catalog.config';
import { gatewayConfig } from '@shop/gateway/gateway.config';
import { imageWorkerConfig } from '@shop/image-worker/image-worker.config';
import { readConfigs, type ConfigDefinition } from '@shop/kit/config';
import { kitConfig } from '@shop/kit/kit.config';
import { ordersConfig } from '@shop/orders/orders.config';
import { paymentsConfig } from '@shop/payments/payments.config';
import { describe, expect, test } from 'vitest';
import { root } from '@shop/tools/data-dir';
import { hasHelm, parse, template, variants } from './helm.ts';

const own: Record<string, ConfigDefinition[]> = {
  gateway: [gatewayConfig],
  accounts: [accountsConfig],
  catalog: [catalogConfig],
  orders: [ordersConfig],
  payments: [paymentsConfig],
  'image-worker': [imageWorkerConfig],
};
const everybodys = Object.values(own).flat();
own['all'] = everybodys;
const keysOf = (definitions: ConfigDefinition[]) => definitions.flatMap(({ shape }) => Object.keys(shape));

interface Variable {
  name: string;
  value?: string;
}

describe.skipIf(!hasHelm).each(Object.keys(variants))('what %s tells', (name) => {
  const deployments = (hasHelm ? parse(template(variants[name]!).text) : []).filter(
    ({ kind }) => kind === 'Deployment',
  );
  const told = deployments.map(({ metadata, spec }) => ({
    service: metadata.name as string,
    env: spec.template.spec.containers[0].env as Variable[],
  }));

  test.each(told.filter(({ service }) => service !== 'edge'))(
    '$service is a configuration that it reads',
    ({ service, env }) => {
      const known = new Set(keysOf([kitConfig, ...own[service]!]));
      // global.env is for every service, so others may be the ones that read it.
      const others = new Set(keysOf(everybodys));
      const globals = new Set(['SEED', 'RATE_LIMITS', 'LOG_LEVEL']);
      for (const variable of env)
        expect(
          known.has(variable.name) || (globals.has(variable.name) && others.has(variable.name)),
          variable.name,
        ).toBe(true);
      const values = Object.fromEntries(
        env.map((variable) => [variable.name, variable.value ?? secretFor(variable.name)]),
      );
      expect(() => readConfigs([kitConfig, ...own[service]!], values)).not.toThrow();
    },
  );

  test('edge is known to its script', () => {
    const script = readFileSync(join(root, 'deploy/nginx/18-shop.envsh'), 'utf8');
    const { env } = told.find(({ service }) => service === 'edge')!;
    for (const variable of env.filter((each) => each.name.startsWith('EDGE_'))) expect(script).toContain(variable.name);
  });
});

function secretFor(name: string): string {
  if (name.endsWith('_DATABASE_URL')) return 'postgres://user:password@postgres:5432/database';
  return name.startsWith('REDIS_') ? 'redis://:password@redis:6379/0' : 'secret';
}
