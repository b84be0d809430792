/**
 * How node is told to run the shop's processes, wherever that is; a container image does the same with NODE_OPTIONS.
 * The young generation of the heap grows to three times this: up to 24 MB instead of 100 MB, for the same CPU per request.
 * V8 reads it when a process starts, so no code of the process itself can set it.
 */
export const nodeFlags = ['--max-semi-space-size=8'];
