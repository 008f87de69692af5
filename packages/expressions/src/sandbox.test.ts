/** The language in the engine's sandbox, where pipelines are interpreted: the same results as outside it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from '@orrery/contract'
import { createSandbox } from '@orrery/engine'
import { buildBundle } from '@orrery/engine/bundle'
import { expect, test } from 'vitest'
import { dryRun } from './pipeline/dry-run.ts'
import { parsePipeline } from './pipeline/parse-pipeline.ts'

const NOW = Date.parse('2026-03-08T11:30:00Z')
const FIXTURES = join(import.meta.dirname, 'fixtures')

async function runInSandbox(module: string, name: string, input: Json): Promise<{ output: unknown; bytes: number; code: string }> {
  const { code } = await buildBundle({ entries: [join(import.meta.dirname, module)], root: join(import.meta.dirname, '../../core') })
  const sandbox = createSandbox(code, { timeoutMs: 5000 })
  const info = { runId: 'run', orgId: 'org', workflow: name, version: 'v', parentRunId: null, scopes: [] }
  const [reaction] = sandbox.activate([
    { run: 'run', at: NOW, replaying: false, delivery: { type: 'start', workflow: name, input, seed: 'seed', info, patches: [] } },
  ])
  sandbox.dispose()
  const { completion } = reaction ?? {}
  return { output: completion?.type === 'succeeded' ? completion.output : completion, bytes: code.length, code }
}

test('parses, renders and dry-runs the daily briefing in the sandbox', async () => {
  const { pipeline } = JSON.parse(readFileSync(join(FIXTURES, 'daily-briefing.json'), 'utf8')) as { pipeline: Json }
  const outputs = { metrics: { revenue: 12 }, analysis: { mood: 'good' }, briefing: { summary: 'All is well' } }
  const timezone = 'America/New_York'
  const { output } = await runInSandbox('language-probe.fixture.ts', 'language-probe', { pipeline, params: {}, outputs, timezone })
  const parsed = parsePipeline(pipeline)
  expect(output).toEqual({
    rendered: [
      { ok: true, value: { lookback_days: 1, include_forecast: true } },
      { ok: true, value: { data: { revenue: 12 }, focus: 'revenue, costs, team_productivity, customer_satisfaction' } },
      { ok: true, value: { analysis: { mood: 'good' }, format: 'executive_briefing', max_length: 500 } },
      {
        ok: true,
        value: {
          recipients: ['cto@company.com', 'ceo@company.com'],
          subject: 'Daily Executive Briefing - 2026-03-08',
          content: 'All is well',
        },
      },
    ],
    output: { ok: true, value: outputs },
    dry: parsed.ok ? dryRun(parsed.pipeline, { params: {}, nowMs: NOW, timezone }) : null,
  })
})

test('reports problems in the sandbox', async () => {
  const { output } = await runInSandbox('language-probe.fixture.ts', 'language-probe', {
    pipeline: [{ id: 'a', uses: 'x', limit: 1 }],
    params: {},
    outputs: {},
    timezone: 'UTC',
  })
  expect(output).toEqual({
    ok: false,
    problems: [{ severity: 'error', step: 'a', path: 'pipeline[0].limit', message: 'A step with uses has no limit' }],
  })
})

test('an interpreter of checked pipelines bundles no zod, and the fuel limit stops endless work', async () => {
  const texts = ['${now+24h}', '${date}', "${if(params.n > 1, 'a', 'b')}", '${sort_by(params.rows, &n)[*].n}', '${params.n / 4}']
  const params = { n: 2, rows: [{ n: 3 }, { n: 1 }] }
  const small = await runInSandbox('evaluate-probe.fixture.ts', 'evaluate-probe', { texts, params })
  const value = { texts: ['2026-03-09T11:30:00.000Z', '2026-03-08', 'a', [1, 3], 0.5] }
  expect(small.output).toEqual({ kind: 'uses', count: 1, rendered: { ok: true, value } })
  expect(small.code).not.toContain('ZodObject')
  expect(small.bytes).toBeLessThan(120_000)
  const list = Array.from({ length: 3000 }, (_, at) => at)
  const endless = await runInSandbox('evaluate-probe.fixture.ts', 'evaluate-probe', {
    texts: ['${params.list[?contains($.params.list, @ + 0.5)]}'],
    params: { list },
  })
  expect(endless.output).toMatchObject({
    rendered: { ok: false, problem: { path: 'with.texts[0]', message: expect.stringContaining('too much work') } },
  })
})
