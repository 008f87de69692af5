import { createSandbox } from '@orrery/engine'
import { expect, test } from 'vitest'
import { buildInterpreter } from './deploy-interpreter.ts'
import { PIPELINE_WORKFLOW, type PipelineInput } from './interpreter/pipeline-input.ts'

test('the interpreter is one small workflow, built once in a process', { timeout: 30_000 }, async () => {
  const { code, manifest } = await buildInterpreter()
  expect(manifest.workflows.map(({ name }) => name)).toEqual([PIPELINE_WORKFLOW])
  expect(code.length).toBeLessThan(110_000)
  // Reading pipelines takes zod, which is ten times as much; it is done before.
  expect(code).not.toContain('ZodObject')
  expect(await buildInterpreter()).toBe(await buildInterpreter())
})

test('it goes through ten thousand rounds, each step in one activation', { timeout: 30_000 }, async () => {
  const { code } = await buildInterpreter()
  const sandbox = createSandbox(code, { timeoutMs: 5000 })
  const rounds = 10_000
  const input: PipelineInput = {
    definition: {
      pipeline: [
        {
          id: 'each',
          for_each: '${params.list}',
          limit: 100,
          do: [{ id: 'a', uses: 'x', with: { n: '${item.n}' } }],
          save_as: 'each',
        },
      ],
      output: '${sum(steps.each)}',
    },
    params: { list: Array.from({ length: rounds }, (_, n) => ({ n })) },
    event: null,
    run: {},
    timezone: 'UTC',
    scopes: [],
    calls: { pipelines: {}, tools: {} },
  }
  const info = { runId: 'run', orgId: 'org', workflow: PIPELINE_WORKFLOW, version: 'v', parentRunId: null }
  const start = {
    type: 'start',
    workflow: PIPELINE_WORKFLOW,
    input: JSON.parse(JSON.stringify(input)),
    seed: 's',
    info,
    patches: [],
  } as const
  let [reaction] = sandbox.activate([{ run: 'run', at: 0, replaying: false, delivery: start }])
  expect(reaction?.commands).toHaveLength(100)
  // What is at work at once is answered at once, as a worker does it.
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
