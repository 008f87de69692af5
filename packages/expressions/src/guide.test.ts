/** Checks docs/guides/pipelines.md: its pipelines parse, and its tables show what the code returns. */
import { readFileSync } from 'node:fs'
import type { Json, JsonObject } from '@orrery/contract'
import { describe, expect, test } from 'vitest'
import { automationBuiltIns } from '../../core/src/automations/built-ins/built-ins.ts'
import { listBuiltIns } from '../../tools/src/builtins/built-ins.ts'
import { FUNCTION_NAMES } from './expression/functions/function-table.ts'
import { type CallSchemas, checkPipeline } from './pipeline/check-pipeline.ts'
import { parsePipeline } from './pipeline/parse-pipeline.ts'
import { listTools } from './pipeline/pipeline-steps.ts'
import { evaluateCondition, renderArguments } from './pipeline/render-step.ts'
import { createScope } from './template/scope.ts'

const builtIns = [...listBuiltIns(), ...automationBuiltIns]
const guide = readFileSync(new URL('../../../docs/guides/pipelines.md', import.meta.url), 'utf8')
const blocks = [...guide.matchAll(/^```json(?: \S+)?\n([\s\S]*?)^```$/gm)].map(([, text = '']) => JSON.parse(text) as Json)
const isPipeline = (block: Json): boolean => Array.isArray(block) || Object.hasOwn(block as JsonObject, 'pipeline')
const values = blocks.find((block) => !isPipeline(block)) as { params: JsonObject; steps: JsonObject }
const scope = createScope({
  ...values,
  nowMs: Date.parse('2026-03-08T11:30:00Z'),
  timezone: 'America/New_York',
  names: { event: null, run: null },
})

/** The rows of the table with this heading, without backticks. */
function rows(heading: string): [string, string][] {
  const table = guide.slice(guide.indexOf(`| ${heading} |`)).split('\n\n')[0] ?? ''
  const cells = table
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split(/(?<!\\)\|/)
        .slice(1, 3)
        .map((cell) => cell.trim().replace(/^`|`$/g, '').replaceAll('\\|', '|')),
    )
  return cells.filter((row): row is [string, string] => row.length === 2)
}

const render = (value: Json): Json => {
  const rendered = renderArguments({ id: 'a', uses: 'x', with: { value } }, scope)
  if (!rendered.ok) throw new Error(rendered.problem.message)
  return rendered.value.value ?? null
}

test('the guide has the expected number of examples', () => {
  expect([blocks.length, rows('template').length, rows('arguments').length, rows('condition').length, rows('mistake').length]).toEqual([
    4, 21, 2, 5, 3,
  ])
})

test.each(blocks.filter(isPipeline).map((block) => [JSON.stringify(block).slice(0, 60), block] as const))(
  'parses the pipeline %s…',
  (_, block) => {
    const parsed = parsePipeline(block)
    expect(parsed).toMatchObject({ ok: true })
    if (!parsed.ok) return
    // A tool that is not built in belongs to the reader.
    const tools = new Map(
      listTools(parsed.pipeline).map((uses): [string, CallSchemas] => [uses, builtIns.find(({ name }) => name === uses) ?? {}]),
    )
    expect(checkPipeline(parsed.pipeline, tools)).toEqual([])
  },
)

describe('tables of the guide', () => {
  test.each(rows('template'))('renders %s as shown', (template, expected) => {
    expect(render(template)).toEqual(JSON.parse(expected))
  })
  test.each(rows('arguments'))('renders the arguments %s as shown', (value, expected) => {
    expect(render(JSON.parse(value) as Json)).toEqual(JSON.parse(expected))
  })
  test.each(rows('condition'))('evaluates the condition %s as shown', (condition, expected) => {
    expect(evaluateCondition({ id: 'a', uses: 'x', if: condition }, scope)).toEqual({ ok: true, value: expected === 'true' })
  })
  test.each(rows('mistake'))('reports the mistake %s as shown', (mistake, answer) => {
    const spoiled = JSON.stringify(blocks[0]).replace(...spoil(mistake))
    const parsed = parsePipeline(JSON.parse(spoiled))
    const inputSchema = { type: 'object', properties: { lookback_days: { type: 'number' } } }
    const tools = new Map<string, CallSchemas>([
      ['analytics.business_metrics', { inputSchema }],
      ['llm.summarize', {}],
      ['email.send', {}],
    ])
    const found = parsed.ok ? checkPipeline(parsed.pipeline, tools).map(({ step, path, message }) => `${step} ${path}: ${message}`) : []
    expect(found).toContain(answer)
  })
})

/** The part of the first pipeline that the mistake replaces, and its replacement. */
function spoil(mistake: string): [RegExp, string] {
  const text = JSON.stringify(mistake).slice(1, -1).replaceAll('\\"', '"').replaceAll(': ', ':')
  if (mistake.startsWith('"lookback_days"')) return [/"lookback_days":"[^"]*"/, text]
  return mistake.startsWith('"uses"') ? [/"uses":"llm.summarize"/, text] : [/"\$\{steps\.metrics\}"/, text.replaceAll('$', '$$$$')]
}

test('names all functions', () => {
  const [, list = ''] = /\*\*Functions\*\*: ([^.]*)\./.exec(guide) ?? []
  expect([...list.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual([...FUNCTION_NAMES])
})
