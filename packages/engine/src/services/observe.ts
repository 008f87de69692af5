import type { FinalStatus, Millis, RunId } from '../store/store.ts'
import { fromFailure, toFailure } from '../workflow/errors.ts'
import type { Json } from '../workflow/protocol.ts'

/** Facts for a host's metrics, reported on hot paths. An observer must be cheap and must not throw. */
export type EngineFact =
  | { readonly type: 'flushed'; readonly rows: number; readonly tookMs: number }
  | { readonly type: 'claimed'; readonly runs: number; readonly tookMs: number }
  | { readonly type: 'started'; readonly workflow: string; readonly local: boolean }
  | { readonly type: 'finished'; readonly workflow: string; readonly status: FinalStatus }
  | { readonly type: 'step'; readonly step: string; readonly ok: boolean; readonly tookMs: number; readonly attempt: number }
  | { readonly type: 'replayed'; readonly workflow: string; readonly rows: number }
  | { readonly type: 'parked'; readonly state: 'waiting' | 'paused' | 'blocked' | 'ready' }
  | { readonly type: 'blocked'; readonly run: string; readonly workflow: string; readonly reason: string }
  | { readonly type: 'timer_late'; readonly lateMs: number }
  | { readonly type: 'lost'; readonly cause: 'fenced' | 'ambiguous'; readonly runs: number }
  | { readonly type: 'reaped'; readonly runs: number }
  | { readonly type: 'trouble'; readonly where: string; readonly error: Error }
  | LoggedLine

/** A line of a run's log: those of steps at once, those of workflows when they are durable. */
export interface LoggedLine {
  readonly type: 'log'
  readonly run: RunId
  /** 0: the workflow itself. */
  readonly cmd: number
  /** Null: the workflow itself. */
  readonly step: string | null
  readonly attempt: number
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** At most 16,384 characters, and a note of how many were cut. */
  readonly message: string
  readonly data: Json
  readonly at: Millis
}

export type Observer = (fact: EngineFact) => void

export const observeNothing: Observer = () => {}

/** What was thrown, as an Error. Never throws, whatever was thrown. */
export function toError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error) return thrown
  } catch {
    // A Proxy may throw when it is looked at. toFailure reads it as far as that is possible.
  }
  return fromFailure(toFailure(thrown))
}
