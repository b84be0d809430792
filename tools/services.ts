// The service table of the contracts, from its source: it is needed before the first build.
import { join } from 'node:path';
import { root } from './data-dir.ts';
import type { ServiceName } from '@shop/contracts/services';

export type { ServiceName };

const source = join(root, 'libs', 'contracts', 'src', 'services.ts');
export const { services } = (await import(source)) as typeof import('@shop/contracts/services');
