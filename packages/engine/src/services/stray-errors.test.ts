/** What steps do is contained to their attempts. In a process of its own, because the test runner takes stray errors for its own. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { WAYS } from './fixtures/stray-ways.ts'

const ways = Object.keys(WAYS)

interface Ended {
  readonly status: string
  readonly output: string | null
  readonly error?: string
  readonly attempts: readonly string[]
}

interface Report {
  readonly during: readonly [string, Ended][]
  readonly lines: readonly [string, { readonly output: string; readonly line: object }][]
  readonly ends: Readonly<Record<'late' | 'odd', Ended>>
  readonly late: object
  readonly troubles: readonly [string, string][]
}

function runHost() {
  const script = fileURLToPath(new URL('fixtures/run-stray.ts', import.meta.url))
  return spawnSync(process.execPath, ['--conditions=orrery-source', script], { encoding: 'utf8', timeout: 60_000 })
}

describe('an error that nothing in a step catches', () => {
  let host: ReturnType<typeof runHost>
  let report: Report
  beforeAll(() => {
    host = runHost()
    expect(host.stderr).toMatch(/^of the host: SyntaxError/)
    report = JSON.parse(host.stdout)
  }, 90_000)

  it.each(ways)('fails the attempt in progress, which is tried again: %s', (way) => {
    const [, ended] = report.during.find(([name]) => name === way) ?? []
    expect(ended).toMatchObject({ status: 'succeeded', output: '"tried again"' })
    expect(ended?.attempts).toEqual([
      way.startsWith('proxy') ? expect.stringMatching(/cannot be read/) : expect.stringMatching(/astray|ECONNREFUSED/),
    ])
  })

  it.each(ways)('becomes a line of the run that names step and attempt, once the attempt has ended: %s', (way) => {
    const [, { output, line }] = report.lines.find(([name]) => name === way) ?? ['', { output: '', line: {} }]
    expect(output).toBe('"returned"')
    expect(line).toMatchObject({
      type: 'log',
      cmd: 1,
      step: 'after',
      attempt: 1,
      level: 'error',
      message: expect.stringMatching(/^step "after", attempt 1: nothing caught an error after the attempt had ended: Error: /),
      data: { stack: way.startsWith('proxy') ? null : expect.stringContaining('Error: ') },
    })
  })

  it('belongs to the attempt also if a listener of its signal throws when the engine aborts it', () => {
    expect(report.ends.late).toMatchObject({ status: 'failed', error: expect.stringContaining('took longer than 5 ms') })
    expect(report.late).toMatchObject({ step: 'listening', level: 'error', message: expect.stringContaining('astray') })
  })

  it('is reported to the host as trouble, with run, step and attempt', () => {
    expect(report.troubles).toHaveLength(ways.length + 1)
    for (const [where, message] of report.troubles) {
      expect(where).toBe('step')
      expect(message).toMatch(/^run [0-9a-f-]{36}, step "(after|listening)", attempt 1: /)
    }
  })

  it('fails the step cleanly if it throws a value that throws however it is looked at', () => {
    expect(report.ends.odd).toMatchObject({ status: 'failed', error: expect.stringContaining('something was thrown that cannot be read') })
  })

  it('leaves an error of the host to the host', () => {
    expect(host.status).toBe(3)
  })
})
