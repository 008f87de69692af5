import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../../support/eventually.ts'
import { type Finding, judge, NOTE_FIRINGS, waitForRuns } from './judge.ts'
import { type Load, startLoad } from './load.ts'
import { NEMESES, type Nemesis } from './nemeses.ts'
import { openWorld, type World } from './world.ts'

export interface ServersOptions {
  /** How often all of it is done. */
  readonly rounds: number
  /** How long each nemesis lasts, as a multiple of the size for every change. */
  readonly scale: number
  /** Waits at the end until nothing is left of the errors of the last minute. */
  readonly isLong: boolean
  readonly log: (line: string) => void
}

export interface ServersReport {
  readonly seconds: number
  readonly findings: readonly Finding[]
  /** Answers by status. */
  readonly answers: Readonly<Record<string, number>>
  readonly slowestMs: number
  readonly runs: number
  readonly accepted: number
  readonly firings: number
  readonly deliveries: number
  /** For each nemesis, the longest time from its end until every request succeeded, and until `/health` was green. */
  readonly recoveryMs: Readonly<Record<string, number>>
  readonly healthyMs: Readonly<Record<string, number>>
  /** What the servers logged most often, most of it caused by a nemesis. */
  readonly logged: Readonly<Record<string, number>>
}

const DISK_BYTES = 600_000_000
/** From the end of a nemesis until everything works again. A query whose connection went silent ends after 20 s. */
const RECOVERY_MS_MAX = 40_000
/** The engine's errors show for a minute. */
const GREEN_MS_MAX = 90_000

export async function runServers(options: ServersOptions): Promise<ServersReport> {
  const begun = performance.now()
  const world = await openWorld(DISK_BYTES)
  try {
    await world.admin.query(NOTE_FIRINGS)
    if (world.disk === null) options.log('NO DISK CAN BE FILLED HERE, which needs root on Linux: a full disk is not tested')
    return await runWith(world, options, begun)
  } finally {
    await world.close()
  }
}

async function runWith(world: World, { rounds, scale, isLong, log }: ServersOptions, begun: number): Promise<ServersReport> {
  const load = await startLoad(world)
  const recoveryMs: Record<string, number> = {}
  const healthyMs: Record<string, number> = {}
  const nemeses = NEMESES.filter(({ name }) => world.disk !== null || name !== 'the disk is full')
  for (let round = 0; round < rounds; round++) {
    for (const nemesis of nemeses) {
      const times = await inflict(world, load, nemesis, scale)
      recoveryMs[nemesis.name] = Math.max(recoveryMs[nemesis.name] ?? 0, times.recoveryMs)
      healthyMs[nemesis.name] = Math.max(healthyMs[nemesis.name] ?? 0, times.healthyMs)
      log(`${seconds(begun)} s: ${nemesis.name}; works again after ${times.recoveryMs} ms, health after ${times.healthyMs} ms`)
    }
  }
  await load.drain()
  await endSchedules(world)
  await waitForRuns(world)
  await load.stop()
  await expectGreen(world, load, isLong)
  await catchUp(world, load)
  await load.leave()
  const findings = await judge(world, load)
  if (findings.length > 0) for (const line of keepLogs(world)) log(line)
  const count = async (text: string) => Number((await world.admin.query<{ n: number }>(text)).rows[0]?.n)
  return {
    seconds: seconds(begun),
    findings,
    answers: load.answers.statuses,
    slowestMs: load.answers.slowestMs,
    runs: await count('select count(*)::int as n from engine.run'),
    accepted: load.accepted.size,
    firings: await count(`select count(*)::int as n from app.firing where cause = 'schedule' and outcome = 'started'`),
    deliveries: load.fired.size,
    recoveryMs,
    healthyMs,
    logged: summarizeLogs(world),
  }
}

const LOGGED_MAX = 40

/** The most frequent lines, without what differs between two of a kind. */
function summarizeLogs({ servers }: World): Record<string, number> {
  const counts: Record<string, number> = {}
  const lines = servers.flatMap(({ program }) => program.err().split('\n'))
  for (const line of lines.filter((one) => one.startsWith('{'))) {
    const { level, msg, message, error, problem, operation } = JSON.parse(line) as Record<string, { message?: string } | string | undefined>
    const about = [level, msg ?? message, problem, operation, typeof error === 'object' ? error.message : error].filter(Boolean).join(' | ')
    const kind = about.replaceAll(/\d+/g, '0').slice(0, 160)
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return Object.fromEntries(
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .slice(0, LOGGED_MAX),
  )
}

/** The temporary folder keeps what the servers have logged. */
function keepLogs({ servers }: World): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'orrery-server-logs-'))
  return servers.map(({ name, program }) => {
    const file = join(folder, `${name.replace(' ', '-')}.log`)
    writeFileSync(file, program.err())
    return `log of ${name}: ${file}`
  })
}

const seconds = (begun: number): number => Math.round((performance.now() - begun) / 1000)

async function inflict(world: World, load: Load, nemesis: Nemesis, scale: number) {
  const from = performance.now()
  await nemesis.inflict(world, scale)
  const end = performance.now()
  const recoveryMs = await load.recovered(RECOVERY_MS_MAX)
  for (const [at, server] of world.servers.entries()) {
    const seen = load.health.filter((one) => one.server === server && one.at >= from && one.at <= end)
    const isSick = seen.some(({ status }) => status !== 'healthy')
    if (nemesis.isSick[at] === true && !isSick) load.answers.note(`/health said nothing while ${nemesis.name}`, server.name)
  }
  const isUsable = async () => Promise.all(world.servers.map(async ({ url }) => (await fetch(`${url}/health`)).status))
  await eventually(isUsable, (codes) => codes.every((code) => code === 200), RECOVERY_MS_MAX).catch((error: unknown) =>
    load.answers.note('/health that does not recover', String(error)),
  )
  return { recoveryMs, healthyMs: Math.round(performance.now() - end) }
}

/** Pauses them, so that the runs come to an end. What is late is started first. */
async function endSchedules({ servers: [{ url }], key, admin }: World): Promise<void> {
  const isPresent = async (): Promise<boolean> => {
    const { rows } = await admin.query<{ late: boolean }>(
      `select bool_or(wakes_at < clock_timestamp() - interval '1 second') as late from app.trigger where type = 'schedule'`,
    )
    return rows[0]?.late === false
  }
  await eventually(isPresent, Boolean, 60_000)
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const { rows } = await admin.query<{ name: string }>(`select name from app.automation where name like 'second-%' or name = 'emitting'`)
  for (const { name } of rows) await fetch(`${url}/api/v1/automations/${name}/pause`, { method: 'POST', headers, body: '{}' })
}

interface Detailed {
  readonly checks: Readonly<Record<string, { readonly status: string; readonly reason?: string }>>
}

/** Every check of each server is fine. The engine shows its errors for a minute, which only the long size waits for. */
async function expectGreen(world: World, load: Load, isLong: boolean): Promise<void> {
  const findFaults = async (): Promise<string[]> => {
    const faults = world.servers.map(async ({ name, url }) => {
      const answer = await fetch(`${url}/health/detailed`, { headers: { authorization: `Bearer ${world.key}` } })
      const { checks } = (await answer.json()) as Detailed
      const bad = Object.entries(checks).filter(([check, { status }]) => status !== 'ok' && (isLong || check !== 'engine'))
      return bad.map(([check, { status, reason }]) => `${name}: ${check} is ${status}: ${reason}`)
    })
    return (await Promise.all(faults)).flat()
  }
  await eventually(findFaults, (faults) => faults.length === 0, GREEN_MS_MAX).catch((error: unknown) =>
    load.answers.note('/health that does not become green', String(error)),
  )
}

/** Waits until the streams have sent the last event. */
async function catchUp(world: World, load: Load): Promise<void> {
  const last = `select tx::text || '-' || id::text as cursor from engine.event order by engine.event.tx desc, engine.event.id desc limit 1`
  const isThere = async (): Promise<boolean> => {
    const { rows } = await world.admin.query<{ cursor: string }>(last)
    return load.seen.every(({ cursors }) => cursors.at(-1) === rows[0]?.cursor)
  }
  // What is still missing then is a finding of the judge.
  await eventually(isThere, Boolean, 20_000).catch(() => undefined)
}
