// Methods that a decorator has marked, found among the instances that Nest has made.

export interface MarkedMethod<Mark, Method> {
  mark: Mark;
  /** Bound to its instance. */
  method: Method;
  /** Class and method, for messages. */
  where: string;
}

/** `key` is the metadata key under which the decorator keeps its mark. */
export function markedMethods<Mark, Method>(instances: Iterable<object>, key: string): MarkedMethod<Mark, Method>[] {
  const found: MarkedMethod<Mark, Method>[] = [];
  for (const instance of new Set(instances)) {
    const prototype = Object.getPrototypeOf(instance) as object;
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      const mark = typeof value === 'function' ? (Reflect.getMetadata(key, value) as Mark | undefined) : undefined;
      if (mark === undefined) continue;
      const method = (value as () => unknown).bind(instance) as Method;
      found.push({ mark, method, where: `${prototype.constructor.name}.${name}` });
    }
  }
  return found;
}
