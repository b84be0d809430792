import { isIP } from 'node:net';
import { services } from '@shop/contracts/services';
import { parseAddresses } from '@shop/rpc/resolver';
import * as z from 'zod';
import { defineConfig, type ConfigOf, type Env } from './config.js';

const Port = z.coerce.number().int().min(0).max(65535);
const Milliseconds = z.coerce.number().int().min(0);
const RedisUrl = z.url({ protocol: /^rediss?$/, error: 'must be a redis:// address' });
const Addresses = (port: number) =>
  z
    .string()
    .refine(canParse, 'must be host:port[,host:port…]')
    .default(`127.0.0.1:${port}`)
    .describe('`host:port,host:port`; every address behind a name is used, and looked up again every second');

/** What Fastify's trustProxy understands. */
function isProxy(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const isMask = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
  return family > 0 && isMask && rest.length === 0;
}

export const kitConfig = defineConfig(
  {
    NODE_ENV: z
      .enum(['development', 'test', 'production'])
      .default('development')
      .describe('production has no default payment provider'),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
    HOST: z.string().default('127.0.0.1').describe('The address every port of this process listens on'),
    PORT: Port.default(3000).describe('The public door'),
    OPS_PORT: Port.optional().describe('/livez, /readyz, /metrics'),
    RPC_PORT: Port.optional().describe('Where this process answers other services'),
    RPC_STRATEGY: z
      .enum(['least-outstanding', 'round-robin', 'random', 'power-of-two', 'least-load'])
      .default('least-outstanding')
      .describe('How a replica is chosen per call'),
    ACCOUNTS_ADDRESSES: Addresses(services.accounts.rpcPort),
    CATALOG_ADDRESSES: Addresses(services.catalog.rpcPort),
    ORDERS_ADDRESSES: Addresses(services.orders.rpcPort),
    PAYMENTS_ADDRESSES: Addresses(services.payments.rpcPort),
    REDIS_STATE_URL: RedisUrl.default('redis://127.0.0.1:6379/0').describe('Sessions, carts, queues; must not evict'),
    REDIS_CACHE_URL: RedisUrl.default('redis://127.0.0.1:6379/1').describe('Copies only; may vanish at any moment'),
    DATABASE_POOL_SIZE: z.coerce
      .number()
      .int()
      .min(1)
      .default(10)
      .describe('Connections to each database, per process; of fewer than 3, browsing may use all of the catalog’s'),
    TRUST_PROXY: z
      .string()
      .transform((text) => text.split(',').map((part) => part.trim()))
      .refine(
        (parts) => parts.every(isProxy),
        'must be IP addresses, networks such as 10.0.0.0/8, or loopback, separated by commas',
      )
      .optional()
      .describe('Addresses or networks of proxies whose X-Forwarded-* headers are believed, separated by commas'),
    REQUEST_DEADLINE_MS: Milliseconds.default(10_000).describe('How long an HTTP request may take'),
    REQUEST_RECEIVE_MS: z.coerce
      .number()
      .int()
      .min(1)
      .default(120_000)
      .describe('How long an HTTP request may take to arrive, an image of 20 MB too; a sixth later it is cut off'),
    SHUTDOWN_DELAY_MS: Milliseconds.default(0).describe(
      'Between "not ready" and closing: time for balancers to notice',
    ),
    SHUTDOWN_GRACE_MS: Milliseconds.default(10_000).describe('How long work in flight may take to finish'),
    QUEUE_LOCK_MS: Milliseconds.default(30_000).describe(
      'After how long a job of a dead worker is taken up by another',
    ),
    QUEUE_CONCURRENCY: z.coerce.number().int().min(1).default(10).describe('Jobs of one queue at a time, per process'),
    DATA_DIR: z.string().default('.data').describe('The folder that development keeps everything in'),
    STORAGE: z.enum(['folder', 's3']).default('folder').describe('Where images are kept'),
    STORAGE_DIR: z
      .string()
      .optional()
      .describe('With STORAGE=folder: that folder, the same for all processes; else `storage` in DATA_DIR'),
    S3_ENDPOINT: z.url().optional().describe('With STORAGE=s3: any server that speaks S3; else Amazon'),
    S3_REGION: z.string().default('us-east-1').describe('With STORAGE=s3'),
    S3_BUCKET: z.string().optional().describe('With STORAGE=s3, which needs it: a private bucket'),
    S3_ACCESS_KEY_ID: z.string().optional().describe('With STORAGE=s3; else what the machine was given'),
    S3_SECRET_ACCESS_KEY: z.string().optional().describe('With STORAGE=s3; else what the machine was given'),
  },
  needsBucket,
);
export type KitConfig = ConfigOf<typeof kitConfig>;

function needsBucket({ STORAGE, S3_BUCKET }: { STORAGE: string; S3_BUCKET?: string }): string[] {
  return STORAGE === 's3' && S3_BUCKET === undefined ? ['S3_BUCKET: is needed with STORAGE=s3'] : [];
}

function canParse(list: string): boolean {
  try {
    return parseAddresses(list).length > 0;
  } catch {
    return false;
  }
}

export const processEnv: Env = process.env;
