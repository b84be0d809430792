import { mergeConfig } from 'vitest/config';
import tests from './vitest.config.js';

// All of it: npm run prove -- cluster.
export default mergeConfig(tests, { test: { include: ['*.{cluster,proof}.ts'], testTimeout: 600_000 } });
