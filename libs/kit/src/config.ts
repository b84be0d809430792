// Configuration is environment variables, described by zod, read once, and complained about all at once.
import * as z from 'zod';

export type Env = Record<string, string | undefined>;

export interface ConfigDefinition<S extends z.ZodRawShape = z.ZodRawShape> {
  /** What Nest injects the values under. */
  token: symbol;
  shape: S;
  /** What no variable shows alone; complains as `NAME: what is wrong`. */
  check?(values: z.output<z.ZodObject<S>>): string[];
}

export type ConfigOf<D> = D extends ConfigDefinition<infer S> ? z.output<z.ZodObject<S>> : never;

/** Describes the variables a service reads; each key is the variable's name. Defaults suit development. */
export function defineConfig<const S extends z.ZodRawShape>(
  shape: S,
  check?: ConfigDefinition<S>['check'],
): ConfigDefinition<S> {
  return { token: Symbol(Object.keys(shape).join(',')), shape, check };
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/** Reads every definition out of `env`; an empty variable counts as absent. Throws one ConfigError naming all problems. */
export function readConfigs(definitions: Iterable<ConfigDefinition>, env: Env): Map<symbol, unknown> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const problems = new Set<string>();
  const values = new Map<symbol, unknown>();
  for (const { token, shape, check } of definitions) {
    const result = z.object(shape).safeParse(given);
    if (result.success) {
      values.set(token, result.data);
      for (const problem of check?.(result.data) ?? []) problems.add(problem);
    } else for (const { path, message } of result.error.issues) problems.add(`${path.join('.')}: ${message}`);
  }
  if (problems.size > 0) throw new ConfigError([...problems].sort());
  return values;
}
