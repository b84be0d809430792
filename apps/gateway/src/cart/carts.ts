// Carts in Redis (state). Each is one JSON value that only these Lua scripts change, so that concurrent changes are not lost.
import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { MAX_QUANTITY } from '@shop/contracts/limits';
import { REDIS_STATE } from '@shop/kit/redis';
import { AppError } from '@shop/rpc/errors';
import type { Redis } from 'ioredis';
import { lifetimeMs, type Session } from '../sessions/sessions.js';

export interface StoredCart {
  /** Can be ordered once. Changes keep it; removing ordered lines replaces it. Undefined for an empty cart. */
  version?: string;
  lines: { productId: string; quantity: number }[];
}

/** A key in Redis and its TTL since the last use. */
export interface CartPlace {
  key: string;
  lifetimeMs: number;
}

export const MAX_LINES = 100;
const DAY_MS = 24 * 3600 * 1000;

export function cartOf(session: Session): CartPlace {
  const { hash, customerId } = session;
  return customerId === undefined
    ? { key: `cart:session:${hash}`, lifetimeMs: lifetimeMs(session) }
    : { key: `cart:customer:${customerId}`, lifetimeMs: 180 * DAY_MS };
}

/** Shared by the scripts. An empty cart is deleted: cjson would encode its empty `lines` as an object. */
const READ_AND_WRITE = `
local function read(key)
  local found = redis.call('get', key)
  return found and cjson.decode(found) or { lines = {} }
end
local function write(key, cart, version, lifetime)
  if #cart.lines == 0 then
    redis.call('del', key)
    return false
  end
  local json = cjson.encode({ version = cart.version or version, lines = cart.lines })
  redis.call('set', key, json, 'PX', lifetime)
  return json
end
local function indexOf(lines, productId)
  for i, line in ipairs(lines) do
    if line.productId == productId then return i end
  end
  return #lines + 1
end`;

/** KEYS cart; ARGV productId, quantity, MAX_LINES, new version, lifetime. Returns 'full' beyond MAX_LINES. */
const SET_LINE = `${READ_AND_WRITE}
local cart = read(KEYS[1])
local lines = cart.lines
local i = indexOf(lines, ARGV[1])
local quantity = tonumber(ARGV[2])
if quantity == 0 then
  if lines[i] then table.remove(lines, i) end
elseif i > tonumber(ARGV[3]) then
  return 'full'
else
  lines[i] = { productId = ARGV[1], quantity = quantity }
end
return write(KEYS[1], cart, ARGV[4], ARGV[5])`;

/** KEYS from, into; ARGV MAX_QUANTITY, MAX_LINES, new version, lifetime. Drops quantities and lines beyond the limits. */
const MERGE = `${READ_AND_WRITE}
local from = read(KEYS[1]).lines
if #from == 0 then return false end
local cart = read(KEYS[2])
local lines = cart.lines
for _, line in ipairs(from) do
  local i = indexOf(lines, line.productId)
  local sum = line.quantity + (lines[i] and lines[i].quantity or 0)
  if i <= tonumber(ARGV[2]) then
    lines[i] = { productId = line.productId, quantity = math.min(sum, tonumber(ARGV[1])) }
  end
end
redis.call('del', KEYS[1])
return write(KEYS[2], cart, ARGV[3], ARGV[4])`;

/** KEYS cart; ARGV ordered version, ordered lines, new version, lifetime. Keeps what was added after the order. */
const TAKE_OUT = `${READ_AND_WRITE}
local cart = read(KEYS[1])
if cart.version ~= ARGV[1] then return end
cart.version = nil
for _, ordered in ipairs(cjson.decode(ARGV[2])) do
  local i = indexOf(cart.lines, ordered.productId)
  local line = cart.lines[i]
  if line and line.quantity > ordered.quantity then line.quantity = line.quantity - ordered.quantity
  elseif line then table.remove(cart.lines, i) end
end
write(KEYS[1], cart, ARGV[3], ARGV[4])`;

declare module 'ioredis' {
  interface Redis {
    cartSetLine(key: string, ...args: [string, number, number, string, number]): Promise<string | null>;
    cartMerge(from: string, into: string, ...args: [number, number, string, number]): Promise<string | null>;
    cartTakeOut(key: string, ...args: [string, string, string, number]): Promise<null>;
  }
}

@Injectable()
export class Carts {
  constructor(@Inject(REDIS_STATE) private readonly redis: Redis) {
    redis.defineCommand('cartSetLine', { numberOfKeys: 1, lua: SET_LINE });
    redis.defineCommand('cartMerge', { numberOfKeys: 2, lua: MERGE });
    redis.defineCommand('cartTakeOut', { numberOfKeys: 1, lua: TAKE_OUT });
  }

  async read({ key, lifetimeMs }: CartPlace): Promise<StoredCart> {
    return parse(await this.redis.getex(key, 'PX', lifetimeMs));
  }

  /** Quantity 0 removes the line. invalid_request when the cart is full. */
  async setLine({ key, lifetimeMs }: CartPlace, productId: string, quantity: number): Promise<StoredCart> {
    const cart = await this.redis.cartSetLine(key, productId, quantity, MAX_LINES, newVersion(), lifetimeMs);
    if (cart === 'full') throw new AppError('invalid_request', `A cart holds at most ${MAX_LINES} products.`);
    return parse(cart);
  }

  /** Moves the lines of one cart into another. Both must be on one Redis server. */
  async merge(from: CartPlace, into: CartPlace): Promise<void> {
    await this.redis.cartMerge(from.key, into.key, MAX_QUANTITY, MAX_LINES, newVersion(), into.lifetimeMs);
  }

  /** Idempotent: afterwards the cart has another version. */
  async takeOut({ key, lifetimeMs }: CartPlace, version: string, ordered: StoredCart['lines']): Promise<void> {
    const lines = ordered.map(({ productId, quantity }) => ({ productId, quantity }));
    await this.redis.cartTakeOut(key, version, JSON.stringify(lines), newVersion(), lifetimeMs);
  }
}

function parse(json: string | null): StoredCart {
  return json === null ? { lines: [] } : (JSON.parse(json) as StoredCart);
}

function newVersion(): string {
  return randomBytes(12).toString('base64url');
}
