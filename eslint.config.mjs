// Who may import whom, how long things may get, and the mistakes a type checker does not see.
import nx from '@nx/eslint-plugin';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const dependencies = [
  { sourceTag: 'type:contracts', onlyDependOnLibsWithTags: ['type:contracts'], allowedExternalImports: ['zod'] },
  { sourceTag: 'type:rpc', onlyDependOnLibsWithTags: ['type:rpc', 'type:contracts'] },
  { sourceTag: 'type:kit', onlyDependOnLibsWithTags: ['type:kit', 'type:rpc', 'type:contracts'] },
  // Not even type:service: a service reaches another one by its contract only.
  { sourceTag: 'type:service', onlyDependOnLibsWithTags: ['type:kit', 'type:rpc', 'type:contracts'] },
  { sourceTag: 'type:storefront', onlyDependOnLibsWithTags: ['type:contracts'] },
  // Types only: k6 brings its own libraries and knows no node_modules.
  { sourceTag: 'type:loadtest', onlyDependOnLibsWithTags: ['type:contracts'], allowedExternalImports: ['k6', 'k6/*'] },
  { sourceTag: 'type:all', onlyDependOnLibsWithTags: ['*'] },
  { sourceTag: 'type:tools', onlyDependOnLibsWithTags: ['*'] },
  { sourceTag: 'type:bench', onlyDependOnLibsWithTags: ['*'] },
  // Tests of nginx's configuration and of the chart.
  { sourceTag: 'type:deploy', onlyDependOnLibsWithTags: ['*'] },
  { sourceTag: 'type:e2e', onlyDependOnLibsWithTags: ['*'] },
];

const environment =
  'Only *.config.ts reads the environment: describe the variable with defineConfig and inject its value.';

export default tseslint.config(
  { ignores: ['**/dist', '**/node_modules', '**/.nx', '**/.data', '**/*.d.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts', '**/*.tsx', '**/*.mjs'],
    plugins: { '@nx': nx, 'import-x': importX, '@typescript-eslint': tseslint.plugin },
    languageOptions: { parser: tseslint.parser },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensionAlias: { '.js': ['.ts', '.tsx', '.js'] } })],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.tsx'] },
    },
    rules: {
      '@nx/enforce-module-boundaries': ['error', { depConstraints: dependencies, banTransitiveDependencies: false }],
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'max-lines': ['error', { max: 250 }],
      'max-params': ['error', { max: 5 }],
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: environment }],
      'no-restricted-imports': [
        'error',
        { paths: [{ name: 'node:process', importNames: ['env'], message: environment }] },
      ],
      eqeqeq: ['error', 'smart'],
      'no-var': 'error',
      'prefer-const': ['error', { ignoreReadBeforeAssign: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-explicit-any': 'error',
    },
  },
  {
    // Contracts are read by browsers too.
    files: ['libs/contracts/src/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: ['node:*'] }] },
  },
  {
    // Rules that need types.
    files: ['**/*.ts', '**/*.tsx'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/await-thenable': 'error',
      // Not consistent-type-imports: classes that Nest injects are named as types only, yet must be imported as values.
    },
  },
  {
    files: ['apps/storefront/**/*.ts', 'apps/storefront/**/*.tsx'],
    ...reactHooks.configs.flat['recommended-latest'],
  },
  {
    files: ['**/*.config.ts', '**/*.spec.ts', '**/test/**', 'bench/**', 'deploy/**', 'e2e/**', 'tools/**', '**/*.mjs'],
    rules: { 'no-restricted-properties': 'off', 'no-restricted-imports': 'off' },
  },
  {
    // Each re-exports vitest.base.ts, which belongs to no project.
    files: ['**/vitest.config.ts'],
    rules: { '@nx/enforce-module-boundaries': 'off' },
  },
);
