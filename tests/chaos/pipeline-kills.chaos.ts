/**
 * Goal: a crash in step 4 of a pipeline does not repeat the effect of step 2. Whole servers run as workers and get `kill -9`, while a
 * service outside counts the calls of pipelines.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { killPrograms, type Program, runProgram } from '../../apps/server/src/testing/run-program.fixture.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'

const STEPS = ['one', 'two', 'three', 'four', 'five'] as const
const KILLS = 5
/** Calls still to come that are enough for the next kill: every kill must find steps in progress. */
const AHEAD = 60

interface Effect {
  readonly run: string
  readonly step: (typeof STEPS)[number]
  readonly key: string
}

/** In the order of the calls. */
const effects: Effect[] = []
/** The keys of all calls. */
const asked = new Set<string>()
/** Called for each effect before it is answered. */
let onEffect = () => {}

const data = mkdtempSync(join(tmpdir(), 'orrery-pipeline-chaos-'))
let database: TestDatabase
let outside: Server
let key = ''

afterEach(async () => {
  killPrograms()
  outside?.close()
  await database?.drop()
  rmSync(data, { recursive: true, force: true, maxRetries: 5 })
})

async function openOutside(): Promise<string> {
  outside = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => (text += String(chunk)))
    request.on('end', () => {
      const { run, step } = JSON.parse(text) as Effect
      const key = String(request.headers['idempotency-key'])
      effects.push({ run, step, key })
      asked.add(key)
      onEffect()
      // Long enough for a kill between the effect and its journal row.
      setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ receipt: effects.length })), 15)
    })
  })
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(outside.address() as AddressInfo).port}/effects`
}

function boot(role: 'api' | 'worker'): Program {
  return runProgram([], {
    ORRERY_DATA: data,
    ORRERY_LOG_LEVEL: 'error',
    ORRERY_ROLES: role,
    // A replacement of a killed worker need not compile everything again.
    NODE_COMPILE_CACHE: join(data, 'compiled'),
    ORRERY_OUTSIDE_ALLOW: '127.0.0.1',
    DATABASE_URL: database.url,
  })
}

async function ask<T>(url: string, body?: unknown): Promise<T> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
  const response = await fetch(url, init)
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.status}: ${text}`)
  return JSON.parse(text) as T
}

const define = (url: string) => ({
  pipeline: STEPS.map((id) => ({
    id,
    uses: 'http.request',
    with: { url, method: 'POST', json: { run: '${run.id}', step: id } },
    save_as: id,
  })),
  output: STEPS.map((id) => `\${steps.${id}.body.receipt}`),
})

/** Kills one worker after another, each time while an effect is in progress, and replaces it at once. */
async function killWorkers(workers: Program[]): Promise<void> {
  for (let n = 0; n < KILLS; n++) {
    const before = effects.length
    await new Promise<void>((resolve) => {
      onEffect = () => {
        if (effects.length < before + 10 + n) return
        onEffect = () => {}
        resolve()
      }
    })
    const [victim] = workers.splice(0, 1)
    victim?.child.kill('SIGKILL')
    await victim?.ended
    workers.push(boot('worker'))
  }
}

it('never repeats a completed step after the death of any worker', async () => {
  database = await createTestDatabase()
  const definition = define(await openOutside())
  const api = boot('api')
  const url = await api.ready()
  key = api.key() ?? ''
  const workers = [boot('worker'), boot('worker')]
  const runs: string[] = []
  let isKilling = true
  const killing = killWorkers(workers).finally(() => {
    isKilling = false
  })
  while (isKilling) {
    if (runs.length * STEPS.length - asked.size > AHEAD) await delay(20)
    else runs.push((await ask<{ runId: string }>(`${url}/api/v1/pipeline-runs`, { definition, scopes: ['http:request'] })).runId)
  }
  await killing

  for (const run of runs) {
    const result = await until(
      `${run} has ended`,
      async () => {
        const answer = await ask<{ done: boolean; status: string; output: number[] }>(`${url}/api/v1/runs/${run}/result?timeout=20s`)
        return answer.done ? answer : null
      },
      40_000,
    )
    expect(result.status, run).toBe('succeeded')
    const { items } = await ask<{ items: { kind: string; input: { step: string }; output: { body: { receipt: number } } }[] }>(
      `${url}/api/v1/runs/${run}/history?limit=100`,
    )
    const recorded = items.filter(({ kind }) => kind === 'step')
    expect(
      recorded.map(({ input }) => input.step),
      run,
    ).toEqual([...STEPS])
    expect(
      recorded.map(({ output }) => output.body.receipt),
      run,
    ).toEqual(result.output)
    // A step is complete once the next one was called.
    const order = effects.filter((effect) => effect.run === run).map(({ step }) => STEPS.indexOf(step))
    expect(order, run).toEqual(order.toSorted((a, b) => a - b))
  }
  const keys = Map.groupBy(effects, (effect) => effect.key)
  for (const [, calls] of keys) expect(new Set(calls.map(({ run, step }) => `${run} ${step}`)).size).toBe(1)
  expect(keys.size).toBe(runs.length * STEPS.length)
  console.log(`${KILLS} kills, ${runs.length} runs, ${effects.length - keys.size} repeated effects, each with its own key`)
})
