import { mergeConfig } from 'vitest/config';
import tests from './vitest.config.js';

// All cluster tests: npm run chaos -- cluster.
export default mergeConfig(tests, { test: { include: ['*.{cluster,chaos}.ts'], testTimeout: 600_000 } });
