import type { FinalStatus } from '../store/store.ts'

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

export type Observer = (fact: EngineFact) => void

export const observeNothing: Observer = () => {}

/** What was thrown, as an Error. */
export const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))
