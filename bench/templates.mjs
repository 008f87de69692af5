// node --conditions=orrery-source bench/templates.mjs [--ms 500]
// Measures how long it takes to render the arguments of one step, and to parse and check a pipeline. One thread, median of 5 rounds.
import { parseArgs } from 'node:util'
import { checkPipeline } from '../packages/expressions/src/pipeline/check-pipeline.ts'
import { parsePipeline } from '../packages/expressions/src/pipeline/parse-pipeline.ts'
import { renderArguments } from '../packages/expressions/src/pipeline/render-step.ts'
import { createScope } from '../packages/expressions/src/template/scope.ts'
import { median } from './table.mjs'

const { values } = parseArgs({ options: { ms: { type: 'string', default: '500' } } })

const items = Array.from({ length: 1000 }, (_, i) => ({ id: i, name: `item ${i}`, price: (i * 37) % 101, tags: ['a', 'b'] }))
const scope = createScope({
  params: { name: 'Ada', chat_id: 42, limit: 50 },
  steps: { metrics: { revenue: 1200, costs: 800 }, search: { items } },
  nowMs: Date.UTC(2026, 10, 5, 9, 30),
  timezone: 'America/New_York',
  names: { event: null, run: { id: 'run' } },
})

const step = (args) => ({ id: 'step', uses: 'tool', with: args })
const work = {
  'one value': step({ to: '${params.chat_id}' }),
  'a text of five': step({
    text: 'Dear ${params.name}, revenue ${steps.metrics.revenue}, costs ${steps.metrics.costs} on ${date} at ${now}',
  }),
  'a condition and arithmetic': step({
    hours: '${if(steps.metrics.revenue > 1000, 2, 24)}',
    sum: '${steps.metrics.revenue - steps.metrics.costs}',
  }),
  'a filter over 1,000 elements': step({ ids: '${steps.search.items[?price > $.params.limit].id}' }),
  '200 templates in one text': step({
    text: Array.from({ length: 200 }, (_, i) => `${i}: \${params.name} \${steps.metrics.revenue}`).join('\n'),
  }),
}

/** Microseconds for one call. */
function measure(once) {
  const turns = Array.from({ length: 5 }, () => {
    const end = performance.now() + Number(values.ms) / 5
    let count = 0
    const began = performance.now()
    while (performance.now() < end) {
      once()
      count++
    }
    return ((performance.now() - began) * 1000) / count
  })
  return median(turns)
}

for (const [name, one] of Object.entries(work)) {
  const rendered = renderArguments(one, scope)
  if (!rendered.ok) throw new Error(rendered.problem.message)
  console.log(`${name}: ${measure(() => renderArguments(one, scope)).toFixed(1)} us`)
}

const briefing = {
  params: { days: 1 },
  pipeline: ['a', 'b', 'c', 'd'].map((id, at) => ({
    id,
    uses: 'tool',
    with: { x: at === 0 ? '${params.days}' : '${steps.a.value}' },
    save_as: id,
  })),
}
const tools = new Map([
  [
    'tool',
    {
      inputSchema: { type: 'object', properties: { x: { type: 'number' } } },
      outputSchema: { type: 'object', properties: { value: { type: 'number' } } },
    },
  ],
])
const once = () => {
  const parsed = parsePipeline(briefing)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed))
  const problems = checkPipeline(parsed.pipeline, tools)
  if (problems.some(({ severity }) => severity === 'error')) throw new Error(JSON.stringify(problems))
}
once()
console.log(`four steps, parsed and checked: ${measure(once).toFixed(1)} us`)
