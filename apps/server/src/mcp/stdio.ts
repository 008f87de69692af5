import { type StdioServerHandle, StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import { listOperations, type Problem, ProblemError, problem, problemShape } from '@orrery/contract'
import { ORG_HEADER } from '../http/read-caller.ts'
import { createMcpServer } from './create-mcp-server.ts'
import { exactLines } from './exact-lines.ts'

export interface McpStdioOptions {
  /** Address of the server, such as `http://127.0.0.1:8787`. */
  readonly url: string
  /** The API key for all calls. */
  readonly key: string
  /** The id of the organization to act in, for the login of a person. Null: the one that was used last. */
  readonly org?: string | null
  readonly version?: string
  /** Gets errors outside of the protocol. They must not be written to standard output, which carries the protocol. */
  readonly onError?: (error: Error) => void
}

/**
 * Serves MCP on standard input and output: the same tools as `/mcp`, with each call sent to the server over HTTP. Ends when
 * standard input ends.
 */
export function serveMcpStdio(options: McpStdioOptions): StdioServerHandle {
  const calls = {
    permissions: null,
    call: (operation: string, input: unknown, idempotencyKey: string | null) => callServer(options, operation, input, idempotencyKey),
    toProblem: (error: unknown) => (error instanceof AnsweredProblem ? error.problem : unreachable(error, options.url)),
  }
  return serveStdio(() => createMcpServer(listOperations(), options.version ?? '0', calls), {
    transport: new StdioServerTransport(exactLines(process.stdin, process.stdout), process.stdout),
    ...(options.onError === undefined ? {} : { onerror: options.onError }),
  })
}

/** The server answered with a problem. */
class AnsweredProblem extends Error {
  override readonly name = 'AnsweredProblem'
  readonly problem: Problem

  constructor(answered: Problem) {
    super(answered.detail)
    this.problem = answered
  }
}

/** Uses the tRPC face, where every operation has one path that takes its input unchanged, and reads may be sent as a POST too. */
async function callServer(options: McpStdioOptions, operation: string, input: unknown, idempotencyKey: string | null): Promise<unknown> {
  const response = await fetch(`${options.url.replace(/\/+$/, '')}/trpc/${operation}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${options.key}`,
      ...(options.org == null ? {} : { [ORG_HEADER]: options.org }),
      ...(idempotencyKey === null ? {} : { 'idempotency-key': idempotencyKey }),
    },
    body: JSON.stringify(input),
  })
  const answer = (await response.json()) as { result?: { data?: unknown }; error?: { data?: { problem?: unknown } } }
  if (answer.error === undefined && response.ok) return answer.result?.data
  const answered = problemShape.safeParse(answer.error?.data?.problem ?? answer)
  if (answered.success) throw new AnsweredProblem(answered.data)
  throw new Error(`The server answered with status ${response.status}.`)
}

function unreachable(error: unknown, url: string): Problem {
  if (error instanceof ProblemError) return error.toProblem()
  const reason = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error)
  return problem('unavailable', `The server at ${url} cannot be reached: ${reason}`).toProblem()
}
