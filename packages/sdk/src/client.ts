/** `@orrery/sdk/client`: the API from programs. Needs `fetch` only. */
export type { Event, InputOf, OperationName, OutputOf, Problem } from '@orrery/contract'
export { type Client, createClient } from './client/create-client.ts'
export type { CallOptions, Operations } from './client/operations.ts'
export { ProblemError, UnreachableError } from './client/problem-error.ts'
export type { EventOptions } from './client/stream-events.ts'
export type { ClientOptions } from './client/transport.ts'
export type { RunProgress, WatchOptions } from './client/watch-run.ts'
