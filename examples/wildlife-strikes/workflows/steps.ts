import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { step } from '@orrery/sdk'
import type { Estimate, Finding, Report, Summary, Triage } from './report.ts'

const KILOGRAMS: Record<Report['size'], number> = { Small: 0.1, Medium: 1, Large: 5 }
const METRES_PER_SECOND = 0.514444
/** Roughly what a certified windshield must withstand: a bird of 1.8 kg at 135 m/s. */
const HARD_HIT_JOULES = 16_000

/** Classifies one report. `paceMs` simulates a call of a service, such as a model or a maintenance system. */
export const assess = step(
  'assess',
  { retry: { max: 4 }, timeout: '30s' },
  async ({ report, paceMs }: { report: Report; paceMs: number }, s): Promise<Finding> => {
    await sleep(paceMs, undefined, { signal: s.signal })
    const speed = report.speedKnots === null ? null : report.speedKnots * METRES_PER_SECOND
    const impactJoules = speed === null ? null : Math.round(0.5 * KILOGRAMS[report.size] * speed ** 2)
    const [triage, reason] = judge(report, impactJoules)
    return { id: report.id, triage, reason, impactJoules }
  },
)

function judge({ damage, phase }: Report, impactJoules: number | null): [Triage, string] {
  if (damage === 'Substantial' || damage === 'Medium') return ['inspect', `${damage.toLowerCase()} damage`]
  if (impactJoules !== null && impactJoules >= HARD_HIT_JOULES) return ['inspect', `hard hit, ${impactJoules} J`]
  if (damage === 'Minor') return ['review', 'minor damage']
  if (damage !== 'None') return ['review', `damage code "${damage}" is unknown`]
  if (impactJoules === null && (phase === 'Climb' || phase === 'Take-off run')) return ['review', 'no speed, engines at full power']
  return ['file', 'no damage']
}

/** Estimates a missing cost: the median cost of reports with the same damage. */
export const estimate = step(
  'estimate',
  ({ id, damage, medians }: { id: number; damage: string; medians: Record<string, number> }): Estimate => {
    return { id, costUsd: medians[damage] ?? 0 }
  },
)

/** Writes the summary. A step may run twice, so its effect must be repeatable: this one writes the same file again. */
export const writeReport = step(
  'write-report',
  async ({ folder, summary }: { folder: string; summary: Summary }, s): Promise<{ file: string; bytes: number }> => {
    const target = resolve(folder)
    await mkdir(target, { recursive: true })
    const file = join(target, `triage-${s.runId}.md`)
    const text = formatSummary(summary)
    await writeFile(`${file}.draft`, text)
    await rename(`${file}.draft`, file)
    return { file, bytes: Buffer.byteLength(text) }
  },
)

const usd = (amount: number) => `$${amount.toLocaleString('en-US')}`

function formatSummary({ reports, counts, reportedUsd, estimatedUsd, airports, inspect }: Summary): string {
  return [
    '# Wildlife strikes, triaged',
    '',
    `${reports} reports: ${counts.inspect} to inspect, ${counts.review} to review, ${counts.file} to file.`,
    `Reported cost: ${usd(reportedUsd)}. Estimated cost of reports without one: ${usd(estimatedUsd)}.`,
    '',
    '| airport | to inspect | reports |',
    '| --- | ---: | ---: |',
    ...airports.map(({ airport, inspect: count, reports: all }) => `| ${airport} | ${count} | ${all} |`),
    '',
    '| report | date | airport | aircraft | species | reason | cost |',
    '| ---: | --- | --- | --- | --- | --- | ---: |',
    ...inspect.map(
      (row) => `| ${row.id} | ${row.date} | ${row.airport} | ${row.aircraft} | ${row.species} | ${row.reason} | ${usd(row.costUsd)} |`,
    ),
    '',
  ].join('\n')
}
