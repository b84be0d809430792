import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.spec.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    passWithNoTests: true,
    globalSetup: [new URL('./tools/test-stores.ts', import.meta.url).pathname],
    reporters: ['default', ['json', { outputFile: 'test-report.json' }]],
    // Real databases and processes: generous limits, and files of one project one after the other.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 10_000 } },
    fileParallelism: false,
  },
});
