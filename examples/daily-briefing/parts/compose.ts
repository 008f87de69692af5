/** Composes the answers of the stand-in model. Every number comes from the data in the prompt. */
import type { Measure, Metrics } from './business-metrics.ts'

interface Finding {
  readonly area: string
  readonly finding: string
  readonly direction: 'up' | 'down' | 'as usual'
}

interface Analysis {
  readonly period: string
  readonly source: string
  readonly findings: readonly Finding[]
  readonly not_measured: readonly string[]
  readonly outlook: string
  readonly written_by: string
}

const WRITTEN_BY = "the example's stand-in model, by plain arithmetic; no language model was used"

/** A value within this share of the usual one counts as usual. */
const TOLERANCE = 0.1

export function composeAnalysis(data: Metrics, prompt: string): Analysis {
  const { period, source, measures, forecast } = data
  const focus = (/^Focus: (.*)$/m.exec(prompt)?.[1] ?? '').split(/[\s,]+/).filter((word) => word !== '')
  const wanted = focus.length === 0 ? measures : measures.filter(({ area }) => focus.includes(area))
  const expected = (forecast?.measures ?? []).map(({ area, expected: mean, low, high }) => {
    const { label = area, unit = 'USD' } = measures.find((measure) => measure.area === area) ?? {}
    return `${label} ${write(mean, unit)} (${write(low, unit)} to ${write(high, unit)})`
  })
  return {
    period: period.days === 1 ? period.to : `${period.from} to ${period.to}`,
    source,
    findings: wanted.map((measure) => ({ area: measure.area, finding: describe(measure), direction: judge(measure) })),
    not_measured: focus.filter((area) => !measures.some((measure) => measure.area === area)),
    outlook: forecast === null ? 'No forecast was requested.' : `For ${forecast.date}: ${expected.join('; ')}; ${forecast.method}.`,
    written_by: WRITTEN_BY,
  }
}

function describe({ area, label, unit, value, before, usual }: Measure): string {
  const name = area.charAt(0).toUpperCase() + area.slice(1).replaceAll('_', ' ')
  return `${name} (${label}): ${write(value, unit)}, after ${write(before, unit)} before and ${write(usual, unit)} usually.`
}

function judge({ value, usual }: Measure): Finding['direction'] {
  if (Math.abs(value - usual) <= usual * TOLERANCE) return 'as usual'
  return value > usual ? 'up' : 'down'
}

function write(value: number, unit: Measure['unit']): string {
  const text = value.toLocaleString('en-US', { minimumFractionDigits: 2 })
  switch (unit) {
    case 'USD':
      return `$${text}`
    case 'USD per hour':
      return `$${text} an hour`
    case 'percent':
      return `${text} %`
  }
}

/** The most important sentences first, as many as fit. The source and what was not measured are always included. */
export function composeSummary(analysis: Analysis, prompt: string): { readonly summary: string } {
  const { period, source, findings, not_measured, outlook, written_by } = analysis
  const most = Number(/at most (\d+) words/.exec(prompt)?.[1] ?? 500)
  const last = [...(not_measured.length === 0 ? [] : [`Not measured: ${not_measured.join(', ')}.`]), `Written by ${written_by}.`]
  const lines = [`Figures for ${period} (${source}).`]
  for (const line of [...findings.map(({ finding, direction }) => `${finding} ${toWord(direction)}`), `Outlook. ${outlook}`]) {
    if (countWords([...lines, line, ...last]) <= most) lines.push(line)
  }
  return { summary: [...lines, ...last].join('\n') }
}

function toWord(direction: Finding['direction']): string {
  switch (direction) {
    case 'up':
      return 'More than usual.'
    case 'down':
      return 'Less than usual.'
    case 'as usual':
      return 'As usual.'
  }
}

const countWords = (lines: readonly string[]): number => lines.join(' ').split(/\s+/).length

interface Email {
  readonly subject: string
  readonly text: string
}

const URGENT = /\b(urgent|asap|immediately|outage|down|deadline|today)\b/i

export function judgeEmail({ subject, text }: Email): { readonly level: 'high' | 'normal'; readonly reason: string } {
  const found = URGENT.exec(`${subject}\n${text}`)?.[0]
  if (found === undefined) return { level: 'normal', reason: `It contains no urgent word (written by ${WRITTEN_BY}).` }
  return { level: 'high', reason: `It contains “${found}” (written by ${WRITTEN_BY}).` }
}
