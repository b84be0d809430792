// A payment provider for development and tests. It moves no money.
import type { ProviderDefinition } from '../provider.js';
import { FakeProvider } from './fake-provider.js';

export const fake: ProviderDefinition = {
  required: [],
  create: (_, db) => Promise.resolve(new FakeProvider(db)),
};
