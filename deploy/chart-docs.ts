// npm run docs:chart: renders the chart into k8s/rendered and its values into deploy/chart/README.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileOf, variant, variants } from './chart/helm.ts';
import { documented } from './chart/values-tables.ts';

for (const name of Object.keys(variants)) {
  mkdirSync(dirname(fileOf(name)), { recursive: true });
  writeFileSync(fileOf(name), variant(name));
}
const { path, wanted } = documented();
writeFileSync(path, wanted);
