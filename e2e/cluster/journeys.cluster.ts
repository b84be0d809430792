import { helm, RELEASE } from '@shop/deploy/cluster/kubectl';
import { describe, expect, inject, test } from 'vitest';
import { journeys } from '../journeys/journeys.js';

const { url, namespace } = inject('shop');

describe('through the ingress', () => {
  journeys(() => url);
});

test('`helm test` succeeds', async () => {
  expect(await helm('test', RELEASE, '-n', namespace)).toMatch(/Phase: +Succeeded/);
});
