import type { Json, PipelineStep } from '@orrery/contract'
import { createSandbox } from '@orrery/engine'
import { expect, test } from 'vitest'
import { PIPELINE_WORKFLOW, type PipelineInput } from './interpreter/pipeline-input.ts'
import { pipelineInterpreter } from './to-pipeline-start.ts'

test('builds the interpreter once per process, as one small workflow', { timeout: 30_000 }, async () => {
  const { code, manifest } = await pipelineInterpreter.build()
  expect(manifest.workflows.map(({ name }) => name)).toEqual([PIPELINE_WORKFLOW])
  expect(code.length).toBeLessThan(120_000)
  // Parsing pipelines needs zod, which is ten times as large. The server parses them before a run starts.
  expect(code).not.toContain('ZodObject')
  expect(await pipelineInterpreter.build()).toBe(await pipelineInterpreter.build())
})

/** The start of a run of a pipeline, with a list as its only param. */
function startOf(definition: PipelineInput['definition'], list: readonly Json[]) {
  const input: PipelineInput = {
    definition,
    params: { list: [...list] },
    event: null,
    run: {},
    timezone: 'UTC',
    calls: { pipelines: {}, tools: {} },
  }
  const info = { runId: 'run', orgId: 'org', workflow: PIPELINE_WORKFLOW, version: 'v', parentRunId: null, scopes: [] }
  return {
    type: 'start',
    workflow: PIPELINE_WORKFLOW,
    input: JSON.parse(JSON.stringify(input)),
    seed: 's',
    info,
    patches: [],
  } as const
}

test('runs ten thousand rounds, with one activation per step', { timeout: 30_000 }, async () => {
  const { code } = await pipelineInterpreter.build()
  const sandbox = createSandbox(code, { timeoutMs: 5000 })
  const rounds = 10_000
  const each: PipelineStep = {
    id: 'each',
    for_each: '${params.list}',
    limit: 100,
    do: [{ id: 'a', uses: 'x', with: { n: '${item.n}' } }],
    save_as: 'each',
  }
  const list = Array.from({ length: rounds }, (_, n) => ({ n }))
  const start = startOf({ pipeline: [each], output: '${sum(steps.each)}' }, list)
  let [reaction] = sandbox.activate([{ run: 'run', at: 0, replaying: false, delivery: start }])
  expect(reaction?.commands).toHaveLength(100)
  // Like a worker, resolves all steps in progress with one call.
  for (let from = 1; from <= rounds; from += 100) {
    const cmds = Array.from({ length: 100 }, (_, n) => from + n)
    const reactions = sandbox.activate(
      cmds.map((cmd) => ({ run: 'run', at: cmd, replaying: false, delivery: { type: 'resolve', cmd, value: 1 } })),
    )
    expect(reactions.reduce((sum, { commands }) => sum + commands.length, 0)).toBe(from + 100 <= rounds ? 100 : 0)
    reaction = reactions.at(-1)
  }
  expect(reaction?.completion).toEqual({ type: 'succeeded', output: rounds })
  sandbox.dispose()
})

test.each([
  ['in sequence', {}],
  ['in parallel', { limit: 100 }],
])('yields to other runs during nested rounds that only skip their steps, %s', { timeout: 60_000 }, async (_, more) => {
  const { code } = await pipelineInterpreter.build()
  // An engine blocks a run whose activation takes two seconds.
  const sandbox = createSandbox(code, { timeoutMs: 2000 })
  const skipped: PipelineStep = { id: 'skipped', uses: 'x', if: 'item < 0' }
  const inner: PipelineStep = { id: 'inner', for_each: '${params.list}', do: [skipped], ...more }
  const outer: PipelineStep = { id: 'outer', for_each: '${params.list}', do: [inner], ...more }
  const runSkipping = (pipeline: PipelineStep[], length: number) => {
    const list = Array.from({ length }, (_, n) => n)
    let [reaction] = sandbox.activate([{ run: 'run', at: 0, replaying: false, delivery: startOf({ pipeline, output: 'done' }, list) }])
    let pauses = 0
    while (reaction?.completion === undefined || reaction.completion === null) {
      const [command] = reaction?.commands ?? []
      expect(command).toMatchObject({ type: 'sleep', until: 0 })
      pauses += 1
      const cmd = command !== undefined && 'cmd' in command ? command.cmd : 0
      ;[reaction] = sandbox.activate([{ run: 'run', at: 0, replaying: false, delivery: { type: 'resolve', cmd, value: null } }])
    }
    return { pauses, completion: reaction.completion }
  }
  const many = runSkipping([outer], 120)
  expect(many.completion).toEqual({ type: 'succeeded', output: 'done' })
  expect(many.pauses).toBeGreaterThan(3)
  expect(runSkipping([inner], 50).pauses).toBe(0)
  sandbox.dispose()
})
