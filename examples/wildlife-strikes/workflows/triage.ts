import { workflow } from '@orrery/sdk'
import { z } from 'zod'
import { type Estimate, type Finding, Report, type Summary, type Triage } from './report.ts'
import { assess, estimate, writeReport } from './steps.ts'

const Input = z.object({
  reports: z.array(Report).min(1),
  /** The minimum time that one assessment takes. */
  paceMs: z.number().min(0).max(60_000).default(100),
  /** How many assessments run at once. */
  limit: z.number().int().min(1).max(200).default(16),
  /** The folder for the summary, relative to the working directory of the server. */
  folder: z.string().default('out'),
})

/** Assesses every report, estimates missing costs, and writes a summary. */
export const triage = workflow(
  'triage',
  { description: 'Triage wildlife strike reports', input: Input },
  async (ctx, { reports, paceMs, limit, folder }) => {
    let done = 0
    ctx.query('progress', () => ({ done, total: reports.length }))

    const findings = await ctx.map(
      reports,
      async (report) => {
        const finding = await ctx.run(assess, { report, paceMs })
        done += 1
        return finding
      },
      { limit },
    )

    const medians = medianCosts(reports)
    const unpriced = reports.filter(({ damage, costUsd }) => damage !== 'None' && costUsd === 0)
    const estimates = await ctx.map(unpriced, ({ id, damage }) => ctx.run(estimate, { id, damage, medians }), { limit })

    const summary = summarise(reports, findings, estimates)
    const { file } = await ctx.run(writeReport, { folder, summary })
    return { report: file, counts: summary.counts, reportedUsd: summary.reportedUsd, estimatedUsd: summary.estimatedUsd }
  },
)

function medianCosts(reports: readonly Report[]): Record<string, number> {
  const priced = Map.groupBy(
    reports.filter(({ costUsd }) => costUsd > 0),
    ({ damage }) => damage,
  )
  return Object.fromEntries([...priced].map(([damage, group]) => [damage, median(group.map(({ costUsd }) => costUsd))]))
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function summarise(reports: readonly Report[], findings: readonly Finding[], estimates: readonly Estimate[]): Summary {
  const findingOf = new Map(findings.map((finding) => [finding.id, finding]))
  const estimateOf = new Map(estimates.map(({ id, costUsd }) => [id, costUsd]))
  const toInspect = reports.filter(({ id }) => findingOf.get(id)?.triage === 'inspect')
  const count = (triage: Triage) => findings.filter((finding) => finding.triage === triage).length
  const airports = [...Map.groupBy(reports, ({ airport }) => airport)]
    .map(([airport, group]) => ({ airport, inspect: group.filter((report) => toInspect.includes(report)).length, reports: group.length }))
    .sort((a, b) => b.inspect - a.inspect || b.reports - a.reports)
  return {
    reports: reports.length,
    counts: { inspect: count('inspect'), review: count('review'), file: count('file') },
    reportedUsd: sum(reports.map(({ costUsd }) => costUsd)),
    estimatedUsd: sum(estimates.map(({ costUsd }) => costUsd)),
    airports: airports.slice(0, 10),
    inspect: toInspect.map(({ id, date, airport, aircraft, species, costUsd }) => {
      return {
        id,
        date,
        airport,
        aircraft,
        species,
        costUsd: costUsd || (estimateOf.get(id) ?? 0),
        reason: findingOf.get(id)?.reason ?? '',
      }
    }),
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
