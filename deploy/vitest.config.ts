import { defineConfig } from 'vitest/config';
import base from '../vitest.base.ts';

// Tests of files only: they need no stores, and mostly wait.
export default defineConfig({ test: { ...base.test, globalSetup: [], fileParallelism: true } });
