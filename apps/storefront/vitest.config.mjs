import { defineConfig } from 'vitest/config';

// No browser and no stores here: what needs them is tested in e2e/browser.
export default defineConfig({
  test: { include: ['src/**/*.spec.ts'], reporters: ['default', ['json', { outputFile: 'test-report.json' }]] },
});
