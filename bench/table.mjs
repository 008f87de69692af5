// Formats the measured cells as one table: medians over the rounds, and the ratio of Orrery to each peer.
import { readFileSync, writeFileSync } from 'node:fs'
import { CELLS } from './cells.mjs'

const ENGINE = 'orrery.ts'
const PRODUCT = 'orrery-product.ts'

export function median(values) {
  const sorted = values.filter((value) => value !== null && value !== undefined).toSorted((a, b) => a - b)
  if (sorted.length === 0) return null
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Returns a function `at(peer, cell, field)`: the median, or null if nothing was measured. */
function medians(measured) {
  return (peer, cell, field) => median(measured.filter((row) => row.peer === peer && row.cell === cell).map((row) => row[field]))
}

const number = (value, digits = 0) =>
  value === null ? '–' : value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })

function ratio(ours, theirs) {
  if (ours === null || theirs === null) return '–'
  const times = ours / theirs
  return `${times.toFixed(times < 10 ? 1 : 0)}×`
}

function rows(report) {
  const at = medians(report.measured)
  const latency = (peer, cell) => {
    const parts = ['p50Ms', 'p95Ms', 'p99Ms'].map((field) => at(peer, cell, field))
    return parts[0] === null ? '–' : parts.map((value) => number(value, value < 10 ? 1 : 0)).join(' / ')
  }
  const load = (peer, cell) => {
    const rate = at(peer, cell, 'runsPerSecond')
    const own = (name) => (peer === name ? '' : ratio(at(name, cell, 'runsPerSecond'), rate))
    return [number(rate), own(ENGINE), own(PRODUCT)]
  }
  const cpu = (peer) => {
    const node = at(peer, 'load-1', 'nodeCpuMs')
    return node === null ? '–' : `${number(node, 3)} + ${number(at(peer, 'load-1', 'serverCpuMs'), 3)}`
  }
  const commits = (peer) => ['load-1', 'load-5'].map((cell) => number(at(peer, cell, 'commitsPerRun'), 2)).join(' / ')
  return [...new Set(report.measured.map((row) => row.peer))].map((peer) => [
    report.peers[peer]?.label ?? peer,
    ...load(peer, 'load-1'),
    ...load(peer, 'load-5'),
    latency(peer, 'one'),
    latency(peer, 'across'),
    number(at(peer, 'drain', 'runsPerSecond')),
    cpu(peer),
    commits(peer),
  ])
}

const HEAD = [
  'runs/s; latencies in ms',
  '1 step, 64 in flight',
  'engine does',
  'product does',
  '5 steps, 64 in flight',
  'engine does',
  'product does',
  'one at a time, p50 / p95 / p99',
  'across processes, p50 / p95 / p99',
  'backlog drain',
  'CPU ms per 1-step run, Node + server',
  'transactions per run, 1 / 5 steps',
]

function markdownTable(head, body) {
  const widths = head.map((cell, i) => Math.max(cell.length, ...body.map((row) => row[i].length)))
  const line = (cells) => `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(head), rule, ...body.map(line)].join('\n')
}

/** The meaning of "done" for each peer, and the failed cells. */
function notes(report) {
  const lines = []
  for (const peer of Object.values(report.peers)) {
    const cells = Object.groupBy(Object.entries(peer.cells), ([, meaning]) => meaning)
    const meanings = Object.entries(cells).map(([meaning, list]) => `${list.map(([cell]) => cell).join(', ')}: ${meaning}`)
    lines.push(`- ${peer.label}, done means: ${meanings.join('; ')}.`)
  }
  for (const row of report.measured) {
    if (row.error) lines.push(`- failed: ${row.peer} ${row.cell}, round ${row.round}: ${row.error.split('\n')[0]}`)
  }
  return lines.join('\n')
}

export function formatTable(report) {
  const { machine, versions, options } = report
  const cells = Object.entries(CELLS).map(([name, cell]) => `${name} = ${cell.title}`)
  return [
    markdownTable(HEAD, rows(report)),
    '',
    `Median of ${options.rounds} interleaved rounds, ${options.seconds} s a cell after ${options.warmup} s of warm-up. ${machine.cores} cores (${machine.cpu}), ${machine.memoryGiB} GiB, ${machine.system}. ` +
      `Node ${versions.node.slice(1)}, PostgreSQL ${versions.postgres} (fsync on)${versions.redis ? `, Redis ${versions.redis} (appendfsync always)` : ''}. Commit ${report.commit}, ${report.date.slice(0, 10)}.`,
    `"engine does" and "product does": how many times the peer's runs per second Orrery's engine alone, and the whole product over REST, did in the same run.`,
    `Kinds of work: ${cells.join('; ')}.`,
    '',
    notes(report),
  ].join('\n')
}

/** Replaces the text between `<!-- name:start -->` and `<!-- name:end -->`. */
export function writeSection(file, name, text) {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`]
  const page = readFileSync(file, 'utf8')
  const [from, to] = [page.indexOf(start), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${file} has no section ${start} … ${end}`)
  writeFileSync(file, `${page.slice(0, from + start.length)}\n${text}\n${page.slice(to)}`)
}
