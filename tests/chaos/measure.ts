import type pg from 'pg'
import type { Fault } from './faults.ts'

export interface Quantiles {
  readonly p50: number
  readonly p95: number
  readonly max: number
}

export interface Measures {
  readonly effects: number
  /** Percentage of bodies that ran again although none of their attempts had been recorded as failed. */
  readonly repeatedPercent: number
  /** The number of writes checked. */
  readonly writes: number
  /** Seconds from the SIGKILL of a worker until another worker had each of its runs. */
  readonly recovery: Quantiles
  readonly recoveredRuns: number
  /** Seconds from the SIGKILL of PostgreSQL until the next journal row. */
  readonly databaseRecovery: Quantiles
  /** Seconds from the end of a stop of PostgreSQL, or of a full disk, until the next journal row. */
  readonly standstillRecovery: Quantiles
}

export async function measure(pool: pg.Pool, faults: readonly Fault[]): Promise<Measures> {
  const { rows } = await pool.query<{ effects: number; repeated: number; writes: number }>(
    `select (select count(*)::int from chaos.effect) effects,
       (select (count(*) - count(distinct (run_id, key, attempt)))::int from chaos.effect) repeated,
       (select count(*)::int from chaos.audit) writes`,
  )
  const { effects = 0, repeated = 0, writes = 0 } = rows[0] ?? {}
  const recovered = await readRecoveries(pool, faults)
  return {
    effects,
    repeatedPercent: effects === 0 ? 0 : Number(((100 * repeated) / effects).toFixed(2)),
    writes,
    recovery: quantiles(recovered),
    recoveredRuns: recovered.length,
    databaseRecovery: quantiles(await readDatabaseRecoveries(pool, faults)),
    standstillRecovery: quantiles(await readStandstillRecoveries(pool, faults)),
  }
}

/** For every run that a killed process held: the time until another worker held it. */
async function readRecoveries(pool: pg.Pool, faults: readonly Fault[]): Promise<number[]> {
  const kills = faults.filter(({ kind }) => kind === 'kills')
  const { rows } = await pool.query<{ ms: number }>(
    `select (extract(epoch from taken.at) * 1000 - k.at)::float8 as ms
     from unnest($1::text[], $2::float8[]) k(name, at)
     join engine.worker w on w.version = k.name
     join chaos.audit given on given.what = 'owner' and given.old_worker = w.worker_id and given.at > to_timestamp(k.at / 1000)
     cross join lateral (
       select t.at from chaos.audit t
       where t.run_id = given.run_id and t.id > given.id and t.what = 'owner' and t.new_worker is not null order by t.id limit 1
     ) taken`,
    [kills.map(({ name }) => name), kills.map(({ at }) => at)],
  )
  return rows.map(({ ms }) => ms)
}

async function readDatabaseRecoveries(pool: pg.Pool, faults: readonly Fault[]): Promise<number[]> {
  const kills = faults.filter(({ kind }) => kind === 'databaseKills')
  const { rows } = await pool.query<{ ms: number }>(
    `select (extract(epoch from first.at) * 1000 - k.at)::float8 as ms
     from unnest($1::float8[], $2::float8[]) k(at, down)
     cross join lateral (
       select min(a.at) as at from chaos.audit a where a.what = 'journal' and a.at > to_timestamp((k.at + k.down * 0.5) / 1000)
     ) first where first.at is not null`,
    [kills.map(({ at }) => at), kills.map(({ downMs }) => downMs)],
  )
  return rows.map(({ ms }) => ms)
}

async function readStandstillRecoveries(pool: pg.Pool, faults: readonly Fault[]): Promise<number[]> {
  const ends = faults.filter(({ kind }) => kind === 'databaseStops' || kind === 'fullDisks').map(({ at, downMs }) => at + (downMs ?? 0))
  const { rows } = await pool.query<{ ms: number }>(
    `select (extract(epoch from first.at) * 1000 - e.at)::float8 as ms
     from unnest($1::float8[]) e(at)
     cross join lateral (select min(a.at) as at from chaos.audit a where a.what = 'journal' and a.at > to_timestamp(e.at / 1000)) first
     where first.at is not null`,
    [ends],
  )
  return rows.map(({ ms }) => ms)
}

/** Quantiles in seconds of times in ms. */
function quantiles(times: readonly number[]): Quantiles {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (share: number) => Number(((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) / 1000).toFixed(2))
  return { p50: at(0.5), p95: at(0.95), max: at(1) }
}
