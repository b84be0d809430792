import { describe, inject } from 'vitest';
import { journeys } from '../test/journeys.js';

describe('through the ingress', () => {
  const { url } = inject('shop');
  journeys(() => url);
});
