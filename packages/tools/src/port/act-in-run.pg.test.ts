import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { startTools, type Tools } from '../builtins/testing/start-tools.fixture.ts'
import { actInRun } from './act-in-run.ts'
import { defineBuiltIn } from './define-built-in.ts'

let tools: Tools
beforeAll(async () => {
  tools = await startTools()
})
afterAll(() => tools.close())

/** Pauses a queue, which needs the permission queues:write. */
const pauser = (scopes: readonly string[], scope?: string) =>
  defineBuiltIn({
    name: 'test.pause',
    description: 'Pauses a queue',
    args: z.strictObject({ queue: z.string() }),
    output: z.strictObject({}),
    scopes,
    costTier: 'free',
    timeoutMs: 1_000,
    async call({ queue }, context) {
      await actInRun(context, 'queues.pause', { queue }, scope)
      return { output: {} }
    },
  })

/** Each queue is paused by a step of its own. */
const stepFor = (queue: string) => ({ idempotencyKey: `a step for ${queue}` })

const isPaused = async (name: string) =>
  (await tools.core.call('queues.list', {})).items.some((queue) => queue.name === name && queue.paused)

it('calls an operation whose permission is one of the scopes of the tool', async () => {
  await tools.call(pauser(['queues:write']), { queue: 'permitted' }, stepFor('permitted'))
  expect(await isPaused('permitted')).toBe(true)
})

it('calls an operation for another scope only if the tool has that scope', async () => {
  await tools.call(pauser(['queues:hold'], 'queues:hold'), { queue: 'held' }, stepFor('held'))
  expect(await isPaused('held')).toBe(true)
  const failure = await tools.failure(pauser(['queues:write'], 'queues:hold'), { queue: 'other' }, stepFor('other'))
  expect(failure.cause).toMatchObject({ message: expect.stringMatching(/without the scope queues:hold$/) })
  expect(await isPaused('other')).toBe(false)
})

it('reports a tool whose scopes lack the permission as a bug, whatever the run was granted', async () => {
  const granted = { scopes: new Set(['queues:write']) }
  const failure = await tools.failure(pauser([]), { queue: 'refused' }, { ...stepFor('refused'), ...granted })
  expect(failure).toMatchObject({
    name: 'ToolFailure',
    cause: { message: 'The tool test.pause calls queues.pause (permission queues:write) without the scope queues:write' },
  })
  expect(await isPaused('refused')).toBe(false)
})
