import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encodeId, type Id } from '@orrery/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import type { Kernel } from '../../../kernel/src/context/kernel.ts'
import { claimKey } from '../../../kernel/src/idempotency/answer-once.ts'
import { forgetAnswers } from '../../../kernel/src/idempotency/forget-answers.ts'
import { newId } from '../../../kernel/src/new-id.ts'
import { readOutsideAllow } from '../../../kernel/src/outside/outside-allow.ts'
import { outsidePolicy } from '../../../kernel/src/outside/outside-policy.ts'
import { callTool } from './call-tool.ts'
import { forgetCalls } from './forget-calls.ts'
import type { ToolCall } from './tool-call.ts'

let t: TestCore
let kernel: Kernel
let server: Server
/** The server never answers. Resolves when it gets a request. */
let asked = Promise.withResolvers<void>()

beforeAll(async () => {
  server = createServer(() => asked.resolve())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t = await startTestCore({ work: false })
  const outside = { ...outsidePolicy, allow: readOutsideAllow('127.0.0.1') }
  kernel = { ...t.core.kernel, outside }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const definition = { description: 'Waits', scopes: ['a:b', 'c:d'], implementation: { kind: 'http', method: 'GET', url } }
  await t.call('tools.put', { tool: 'x.waits', definition: definition as never })
})
afterAll(async () => {
  await t?.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const runId = encodeId('run', newId(Date.now())) as Id<'run'>
const caller = { actor: { type: 'run', id: runId, name: 'x.waits' }, requestId: runId } as const

function call(more: Partial<ToolCall>) {
  const signal = new AbortController().signal
  return callTool(kernel, t.org, {
    ...{ ...caller, tool: 'x.waits', args: {}, step: 'gather', attempt: 2, idempotencyKey: 'k', signal, scopes: new Set(['a:b', 'c:d']) },
    ...more,
  })
}

const traces = async () => (await t.call('tools.calls', { runId })).items

test('rejects a call without all scopes of the tool, and a call of an unknown tool', async () => {
  await expect(call({ scopes: new Set(['a:b']) })).rejects.toMatchObject({
    name: 'ScopeMissing',
    isRetryable: false,
    message: 'x.waits needs the scope c:d, which the run was not granted',
    details: { missing: ['c:d'] },
  })
  await expect(call({ tool: 'no.such' })).rejects.toMatchObject({ name: 'UnknownTool', isRetryable: false })
  expect(await traces()).toMatchObject([
    { tool: 'x.waits', step: 'gather', attempt: 2, outcome: 'failed', error: { name: 'ScopeMissing' } },
  ])
})

test('throws the abort reason when the run stops a call, and traces the call as stopped', async () => {
  const stop = new AbortController()
  const reason = new Error('The run was cancelled')
  asked = Promise.withResolvers()
  const calling = call({ signal: stop.signal })
  await asked.promise
  stop.abort(reason)
  await expect(calling).rejects.toBe(reason)
  await expect(call({ signal: stop.signal })).rejects.toBe(reason)
  expect((await traces())[0]).toMatchObject({ outcome: 'stopped', error: { name: 'Error' } })
})

test('applies the time limit of the step instead of that of the tool, and fails as retryable', async () => {
  await expect(call({ timeoutMs: 80 })).rejects.toMatchObject({
    name: 'TimeoutError',
    isRetryable: true,
    message: 'x.waits took longer than 80 ms',
  })
  expect((await traces())[0]).toMatchObject({ outcome: 'failed', error: { name: 'TimeoutError', isRetryable: true } })
})

test('lists calls by run and tool in pages, newest first', async () => {
  const all = await traces()
  const first = await t.call('tools.calls', { runId, tool: 'x.waits', limit: 2 })
  const second = await t.call('tools.calls', { runId, tool: 'x.waits', limit: 2, cursor: first.nextCursor ?? '' })
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(all.slice(0, 4).map(({ id }) => id))
  expect((await t.call('tools.calls', { runId: encodeId('run', newId(0)) })).items).toEqual([])
})

test('deletes old traces and abandoned idempotency keys', async () => {
  const later = t.engine.now() + 91 * 86_400_000
  expect(await forgetCalls(t.database, t.engine.now())).toBe(0)
  expect(await forgetCalls(t.database, later)).toBeGreaterThan(0)
  expect(await traces()).toEqual([])
  const once = { org: t.org, key: 'left', operation: 'tools.call', input: {}, secrets: [], now: t.engine.now() }
  const claim = () => t.database.transaction(t.org, 'read write', (tx) => claimKey(tx, once))
  expect(await claim()).toBeNull()
  await expect(claim()).rejects.toMatchObject({ code: 'idempotency.in_progress' })
  await forgetAnswers(t.database, later)
  expect(await claim()).toBeNull()
})
