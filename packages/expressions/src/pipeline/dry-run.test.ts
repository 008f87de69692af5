import { readFileSync } from 'node:fs'
import type { Json, PipelineDefinition } from '@orrery/contract'
import { expect, test } from 'vitest'
import { cpuMs } from '../../../../tests/support/cpu-ms.ts'
import { type DryRunInput, type DryStep, dryRun } from './dry-run.ts'
import { parsePipeline } from './parse-pipeline.ts'

const NOW = Date.parse('2026-03-08T11:30:00Z')

function parse(raw: unknown): PipelineDefinition {
  const parsed = parsePipeline(raw)
  if (!parsed.ok) throw new Error(parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'))
  return parsed.pipeline
}
const show = (raw: unknown, input: Partial<DryRunInput> = {}) =>
  dryRun(parse(raw), { params: {}, nowMs: NOW, timezone: 'America/New_York', ...input })
const tool = (id: string, args: Json, more: object = {}) => ({ id, uses: 'x', with: args, ...more })

/** `a yes {…}`, nested ones indented. */
function outline(steps: readonly DryStep[], indent = ''): string[] {
  return steps.flatMap(({ id, runs, rendered, inside }) => [
    `${indent}${id} ${runs} ${JSON.stringify(rendered)}`,
    ...inside.flatMap(({ role, round, steps: inner }) => [
      `${indent}  ${role}${round === null ? '' : ` ${round}`}`,
      ...outline(inner, `${indent}    `),
    ]),
  ])
}

test('shows the values of the daily briefing that are known before a run', () => {
  const { pipeline } = JSON.parse(readFileSync(new URL('../fixtures/daily-briefing.json', import.meta.url), 'utf8')) as { pipeline: Json }
  const { steps, problems } = show(pipeline)
  expect(problems).toEqual([])
  expect(outline(steps)).toEqual([
    'gather_metrics yes {"lookback_days":1,"include_forecast":true}',
    'analyze_trends yes {"data":"⟨steps.metrics⟩","focus":"revenue, costs, team_productivity, customer_satisfaction"}',
    'generate_briefing yes {"analysis":"⟨steps.analysis⟩","format":"executive_briefing","max_length":500}',
    'deliver_briefing yes {"recipients":["cto@company.com","ceo@company.com"],"subject":"Daily Executive Briefing - 2026-03-08","content":"⟨steps.briefing.summary⟩"}',
  ])
  const supposed = show(pipeline, { steps: { metrics: { revenue: 1 }, briefing: { summary: 'All is well' } } })
  expect(outline(supposed.steps)[1]).toContain('{"data":{"revenue":1}')
  expect(outline(supposed.steps)[3]).toContain('"content":"All is well"')
})

test('shows conditions, branches and rounds as far as they are known', () => {
  const { steps, output, problems } = show(
    {
      pipeline: [
        tool('find', { at: '${now - 24h}' }, { save_as: 'found', if: 'params.on' }),
        tool('no', {}, { if: '!params.on' }),
        tool('maybe', { n: 'There are ${steps.found.total} of ${params.max}' }, { if: 'steps.found.total > 3' }),
        tool('lazy', { n: '${if(params.on, params.max, steps.found.total)}' }),
        { id: 'both', parallel: [tool('p', { x: '${date}' }), [tool('q', {}), { id: 'r', wait: '${params.pause}' }]] },
        { id: 'known', for_each: '${params.names}', as: 'name', do: [tool('hi', { to: '${name}', n: '${index}' })] },
        {
          id: 'unknown',
          for_each: '${steps.found.rows}',
          do: [tool('row', { to: 'Dear ${item.name}' })],
          on_error: { steps: [tool('tell', { why: '${error.message}' })] },
        },
        { id: 'mixed', for_each: ['a', '${steps.found.first}'], do: [tool('one', { to: '${item}' })] },
      ],
      output: { total: '${steps.found.total}', of: '${params.max}' },
    },
    { params: { on: true, max: 9, names: ['Ada', 'Bob'], pause: '2h' } },
  )
  expect(problems).toEqual([])
  expect(outline(steps)).toEqual([
    'find yes {"at":"2026-03-07T11:30:00.000Z"}',
    'no no null',
    'maybe unknown {"n":"There are ⟨steps.found.total⟩ of 9"}',
    'lazy yes {"n":9}',
    'both yes null',
    '  branch',
    '    p yes {"x":"2026-03-08"}',
    '  branch',
    '    q yes {}',
    '    r yes "2h"',
    'known yes ["Ada","Bob"]',
    '  round 0',
    '    hi yes {"to":"Ada","n":0}',
    '  round 1',
    '    hi yes {"to":"Bob","n":1}',
    'unknown yes "⟨steps.found.rows⟩"',
    '  round',
    '    row yes {"to":"Dear ⟨item.name⟩"}',
    '  handler',
    '    tell yes {"why":"⟨error.message⟩"}',
    'mixed yes ["a","⟨steps.found.first⟩"]',
    '  round',
    '    one yes {"to":"⟨item⟩"}',
  ])
  expect(output).toEqual({ total: '⟨steps.found.total⟩', of: 9 })
})

test('reports expressions that cannot work with these params', () => {
  const { problems } = show([tool('a', { x: [{ y: '${params.nope}' }] }), tool('b', {}, { if: 'params.on > 3' })], { params: { on: 'x' } })
  expect(problems.map(({ step, path, message }) => `${step} ${path} ${message}`)).toEqual([
    'a pipeline[0].with.x[0].y ${params.nope}: params has no nope; it has on (end it with ? if it may be missing)',
    'b pipeline[1].if > compares two numbers or two texts, not a text and a number',
  ])
})

test('shows an event as unknown unless the input supplies it', () => {
  const pipeline = [tool('a', { x: '${event.type}' })]
  expect(outline(show(pipeline).steps)).toEqual(['a yes {"x":"⟨event.type⟩"}'])
  expect(outline(show(pipeline, { names: { event: { type: 'paid' }, run: null } }).steps)).toEqual(['a yes {"x":"paid"}'])
})

test('cuts off a result that is too long, and says so', () => {
  const list = [1, 2, 3, 4, 5]
  let nested: object = tool('inmost', { n: '${item}' })
  for (let at = 0; at < 12; at += 1) nested = { id: `e${at}`, for_each: list, do: [nested] }
  expect(cpuMs(() => show([nested]))).toBeLessThan(20_000)
  const deep = show([nested])
  expect(deep.problems).toMatchObject([{ severity: 'warning', message: expect.stringContaining('not shown') }])
  expect(JSON.stringify(deep.steps).length).toBeLessThan(5_000_000)

  const big = Array.from({ length: 100 }, (_, at) => tool(`b${at}`, { text: '${params.text}' }))
  const shown = show(big, { params: { text: 'x'.repeat(300_000) } })
  expect(shown.steps.length).toBeLessThan(20)
  expect(shown.problems).toMatchObject([{ severity: 'warning', path: expect.stringMatching(/^pipeline\[\d+\]$/) }])
})
