import { expect, it } from 'vitest';
import { readConfigs } from './config.js';
import { kitConfig } from './kit.config.js';

it.each(['catalog', 'catalog:99999', '[nowhere]:4002', '10.0.0.1:4002,'])(
  'refuses %s as a list of addresses',
  (list) => {
    expect(() => readConfigs([kitConfig], { CATALOG_ADDRESSES: list })).toThrow('must be host:port[,host:port…]');
  },
);

it('accepts IP addresses and names with ports', () => {
  const env = { CATALOG_ADDRESSES: '[::1]:4002,catalog:65535' };
  expect(readConfigs([kitConfig], env).get(kitConfig.token)).toMatchObject(env);
});
