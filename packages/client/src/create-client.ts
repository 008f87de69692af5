import type { Event } from '@orrery/contract'
import { type Route, routes } from '@orrery/contract/routes'
import { buildRequest } from './build-request.ts'
import type { CallOptions, Operations } from './operations.ts'
import { type EventOptions, streamEvents } from './stream-events.ts'
import { type ClientOptions, createTransport, readAnswer, type Transport } from './transport.ts'
import { type RunProgress, type WatchOptions, watchRun } from './watch-run.ts'

export interface Client extends Operations {
  readonly runs: Operations['runs'] & {
    /** Progress of a run from its first step to its end. Survives restarts of the server; ends after the final status. */
    watch(runId: string, options?: WatchOptions): AsyncGenerator<RunProgress, void, void>
  }
  readonly events: Operations['events'] & {
    /** Events as they happen, without gaps: a broken stream resumes after the last event seen. */
    stream(options?: EventOptions): AsyncGenerator<Event, void, void>
  }
  /** Calls any operation by its declaration, for programs that walk the registry. */
  call(operation: Route, input: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<unknown>
}

/**
 * A client of one server. Retries requests that are safe to repeat; throws ProblemError for a problem, UnreachableError if nothing answers.
 */
export function createClient(options: ClientOptions): Client {
  const transport = createTransport(options)
  const call: Client['call'] = (operation, input, callOptions = {}) => callOperation(transport, operation, input, callOptions)
  const extras: Record<string, Record<string, unknown>> = {
    runs: { watch: (runId: string, watch?: WatchOptions) => watchRun(client, client.events.stream, runId, watch) },
    events: { stream: (stream?: EventOptions) => streamEvents(transport, stream) },
  }
  // The type lists the operations; the object creates their functions on demand, so new operations need no code here.
  const client = new Proxy({} as Client, {
    get: (_, noun) => {
      if (noun === 'call') return call
      return typeof noun === 'string' && noun !== 'then' ? nounOf(noun, call, extras[noun] ?? {}) : undefined
    },
  })
  return client
}

function nounOf(noun: string, call: Client['call'], extras: Record<string, unknown>): object {
  return new Proxy(extras, {
    get: (_, verb) => {
      if (typeof verb !== 'string') return undefined
      const name = `${noun}.${verb}`
      if (!Object.hasOwn(routes, name)) return extras[verb]
      const operation = routes[name as keyof typeof routes]
      return (input: Record<string, unknown> = {}, options: CallOptions = {}) => call(operation, input, options)
    },
  })
}

async function callOperation(
  transport: Transport,
  operation: Route,
  input: Readonly<Record<string, unknown>>,
  { signal, idempotencyKey }: CallOptions,
): Promise<unknown> {
  const { method, target, body } = buildRequest(operation, input)
  const headers: Record<string, string> = { accept: 'application/json' }
  if (body !== null) headers['content-type'] = 'application/json'
  if (operation.effect === 'write') headers['idempotency-key'] = idempotencyKey ?? crypto.randomUUID()
  return readAnswer(await transport.send(target, { method, headers, ...(body === null ? {} : { body }) }, signal))
}
