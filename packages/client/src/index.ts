/** Calls the API from any program, including a browser. Requires only `fetch`. */
export type { Event, InputOf, OperationName, OutputOf, Problem } from '@orrery/contract'
export { type Client, createClient } from './create-client.ts'
export type { CallOptions, Operations } from './operations.ts'
export { ProblemError, UnreachableError } from './problem-error.ts'
export type { EventOptions } from './stream-events.ts'
export type { ClientOptions } from './transport.ts'
export type { RunProgress, WatchOptions } from './watch-run.ts'
