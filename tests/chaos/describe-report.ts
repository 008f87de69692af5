import { FAULTS, type FaultKind } from './faults.ts'
import type { Quantiles } from './measure.ts'
import type { ChaosReport } from './run-chaos.ts'

/** One line for machines, then a table for people. */
export function describeReport(report: ChaosReport): string {
  const { troubles, ...figures } = report
  return [JSON.stringify(figures), '', ...table(report), '', ...findings(report), ...often(troubles)].join('\n')
}

function table(report: ChaosReport): string[] {
  const { recovery, databaseRecovery, standstillRecovery, lostRegistrations } = report
  const count = (part: string) => report.findings.filter(({ rule }) => rule.includes(part)).reduce((sum, each) => sum + each.count, 0)
  const rows: [string, string | number][] = [
    ['seed', report.seed],
    ['seconds', report.seconds],
    ...Object.entries(FAULTS).map(([kind, name]): [string, number] => [name, report.faults[kind as FaultKind]]),
    ...report.notTried.map((text): [string, string] => ['NOT TRIED', text]),
    ['runs acknowledged', report.runs],
    ['lost', count('lost')],
    ['duplicates', count('twice') + count('exactly one')],
    ['writes checked', report.writes],
    ['stale writes', count('did not own')],
    ['all violations', report.findings.reduce((sum, each) => sum + each.count, 0)],
    ['refusals by the fence', report.refusals],
    ['registrations lost', `${lostRegistrations.fenced} fenced, ${lostRegistrations.ambiguous} with a broken connection`],
    ['runs blocked as poison and resumed', report.resumed],
    ['step bodies', `${report.effects}, ${report.repeatedPercent} % of them repeated`],
    ['a killed worker’s runs taken over', `${report.recoveredRuns}: ${seconds(recovery)}`],
    ['first step after a kill of PostgreSQL', seconds(databaseRecovery)],
    ['first step after a stop or a full disk of PostgreSQL', seconds(standstillRecovery)],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}

const seconds = ({ p50, p95, max }: Quantiles): string => `p50 ${p50} s, p95 ${p95} s, max ${max} s`

function findings(report: ChaosReport): string[] {
  if (report.findings.length === 0) return ['No violations.']
  return report.findings.flatMap(({ rule, count, examples }) => [`VIOLATION ${rule}: ${count}`, ...examples.map((each) => `    ${each}`)])
}

/** Errors that processes reported, most of them caused by the faults. */
function often(troubles: Readonly<Record<string, number>>): string[] {
  const most = Object.entries(troubles)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 12)
  return most.length === 0 ? [] : ['', 'Errors reported by processes:', ...most.map(([text, n]) => `${String(n).padStart(6)}  ${text}`)]
}
