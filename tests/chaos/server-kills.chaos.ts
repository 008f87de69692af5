/**
 * Goal: the server keeps every run that it accepted. The whole server, with its embedded PostgreSQL, gets `kill -9` again and again while
 * callers start runs.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { killPrograms, type Program, runProgram } from '../../apps/server/src/testing/run-program.fixture.ts'
import { killHard, processesOf } from '../e2e/processes.ts'
import { until } from '../support/until.ts'

const KILLS = 6
const RUNS_PER_KILL = 80
const TOTAL = RUNS_PER_KILL * (KILLS + 1)
/** Concurrent callers. Each starts its next run as soon as the last start is answered. */
const CALLERS = 8

const data = mkdtempSync(join(tmpdir(), 'orrery-server-chaos-'))
const file = join(data, 'receipts.txt')
let server: Program
let url: string
let key: string

afterEach(() => {
  killPrograms()
  for (const { pid } of processesOf(data)) killHard(pid)
  rmSync(data, { recursive: true, force: true, maxRetries: 5 })
})

async function boot(): Promise<void> {
  const project = join(import.meta.dirname, 'fixtures/server-project')
  server = runProgram(['--project', project], { ORRERY_DATA: data, ORRERY_LOG_LEVEL: 'error' })
  url = await server.ready()
  key ??= server.key() ?? ''
}

/** Every second kill includes PostgreSQL. Otherwise the next server finds an orphaned one. */
async function kill(withDatabase: boolean): Promise<void> {
  server.child.kill('SIGKILL')
  if (withDatabase) for (const { pid } of processesOf(data)) killHard(pid)
  await server.ended
}

/** Repeats the request until it is answered. */
async function ask<T>(path: string, init: { readonly body?: string; readonly headers?: Record<string, string> } = {}): Promise<T> {
  for (;;) {
    try {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...init.headers }
      const response = await fetch(`${url}${path}`, { ...init, headers, method: init.body === undefined ? 'GET' : 'POST' })
      const text = await response.text()
      if (response.ok) return JSON.parse(text) as T
      if (response.status < 500) throw new Refusal(`${response.status} to ${path}: ${text}`)
    } catch (error) {
      // No server is listening, or it died while answering.
      if (error instanceof Refusal) throw error
    }
    await delay(20)
  }
}

class Refusal extends Error {}

const isKeyed = (n: number): boolean => n % 4 !== 0

/** Most starts have an idempotency key. Those without one join the group commit, and may exist twice if an answer was lost. */
async function startAll(accepted: Map<string, number>): Promise<void> {
  let next = 0
  const caller = async () => {
    for (let n = next++; n < TOTAL; n = next++) {
      const headers: Record<string, string> = isKeyed(n) ? { 'idempotency-key': `receipts-${n}` } : {}
      const body = JSON.stringify({ workflow: 'receipts', input: { n, file } })
      const { runId } = await ask<{ runId: string }>('/api/v1/runs', { body, headers })
      accepted.set(runId, n)
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
}

async function listRuns(): Promise<string[]> {
  const found: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { items: { id: string }[]; nextCursor: string | null } = await ask(`/api/v1/runs?limit=200${cursor && `&cursor=${cursor}`}`)
    found.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor
  }
  return found
}

interface Outcome {
  readonly run: string
  readonly status: string
  readonly n: number
  readonly lines: readonly string[]
  readonly recorded: readonly string[]
}

async function readOutcome(run: string): Promise<Outcome> {
  const { status, output } = await ask<{ status: string; output: { n: number; lines: string[] } | null }>(
    `/api/v1/runs/${run}/result?timeout=30s`,
  )
  const { items } = await ask<{ items: { kind: string; output: string }[] }>(`/api/v1/runs/${run}/history?limit=100`)
  const recorded = items.filter(({ kind }) => kind === 'step').map(({ output }) => output)
  return { run, status, n: output?.n ?? -1, lines: output?.lines ?? [], recorded }
}

/** The server counts them itself, in the background. */
const countViolations = () =>
  until(
    'the server has looked at its invariants',
    async () => {
      const text = await (await fetch(`${url}/metrics`)).text()
      return /^orrery_invariant_violations (\d+)$/m.exec(text)?.[1] ?? null
    },
    30_000,
  )

it('a server that is killed repeatedly finishes every accepted run and records each step once', async () => {
  await boot()
  const accepted = new Map<string, number>()
  const starting = startAll(accepted)
  for (let i = 1; i <= KILLS; i++) {
    await until(`${i * RUNS_PER_KILL} runs are accepted`, () => accepted.size >= i * RUNS_PER_KILL, 60_000)
    await kill(i % 2 === 0)
    await boot()
  }
  await starting

  const runs = await listRuns()
  const outcomes: Outcome[] = []
  for (const run of runs) outcomes.push(await readOutcome(run))
  expect(outcomes.filter(({ status }) => status !== 'succeeded')).toEqual([])
  expect([...accepted.keys()].filter((run) => !runs.includes(run))).toEqual([])
  expect(outcomes.filter(({ run, n }) => accepted.has(run) && accepted.get(run) !== n)).toEqual([])
  const keyed = outcomes.map(({ n }) => n).filter(isKeyed)
  expect(keyed.toSorted((a, b) => a - b)).toEqual(Array.from({ length: TOTAL }, (_, n) => n).filter(isKeyed))

  const left = new Set(readFileSync(file, 'utf8').split('\n'))
  for (const { run, lines, recorded } of outcomes) {
    expect(new Set(lines).size, run).toBe(5)
    expect(recorded.toSorted(), run).toEqual(lines.toSorted())
    expect(
      lines.every((line) => line.startsWith(`${run} `) && left.has(line)),
      run,
    ).toBe(true)
  }
  expect(await countViolations()).toBe('0')
  expect(await ask('/api/v1/audit/verify')).toMatchObject({ ok: true, faults: [] })
  console.log(`${KILLS} kills, ${accepted.size} runs accepted of ${runs.length}, ${left.size - 1 - runs.length * 5} step bodies repeated`)
  server.child.kill('SIGTERM')
  expect(await server.ended).toBe(0)
})
