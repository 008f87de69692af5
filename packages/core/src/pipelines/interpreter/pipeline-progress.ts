/** The progress of a run, which the query `pipeline` reports. Kept in memory and rebuilt by every replay. */
import type { Json, PipelineDefinition } from '@orrery/contract'
import { kindOfStep, type PlacedStep, placeAll, sequencesOf } from '@orrery/expressions'
import type { PipelineFailure } from './pipeline-failure.ts'

export type StepState = 'pending' | 'running' | 'skipped' | 'succeeded' | 'failed' | 'cancelled'

/** The progress of one step, or of one step in one round. */
export interface StepTrack {
  state: StepState
  startedAt: number
  endedAt: number | null
  rendered: Json
  output: Json
  error: Json
  /** For a for_each; else null. */
  rounds: { readonly total: number; ended: number } | null
}

/** Steps in rounds that are kept. Later rounds are only counted. */
const ROUND_STEPS_MAX = 1000
/** Characters of JSON. Of a longer value, only the beginning is reported. */
const VALUE_CHARS_MAX = 4000
const BEGINNING_CHARS = 200

export interface Progress {
  /** Begins to track a step. Beyond the limit of steps in rounds, the track is not reported. */
  track(placed: PlacedStep, rounds: readonly number[], at: number): StepTrack
  report(): Json
}

export function createProgress(definition: PipelineDefinition): Progress {
  /** By path, then by rounds (`''` outside of rounds). */
  const tracks = new Map<string, Map<string, StepTrack>>()
  let roundSteps = 0

  return {
    track({ path }, rounds, at) {
      const track: StepTrack = { state: 'running', startedAt: at, endedAt: null, rendered: null, output: null, error: null, rounds: null }
      if (rounds.length > 0 && ++roundSteps > ROUND_STEPS_MAX) return track
      const known = tracks.get(path) ?? new Map<string, StepTrack>()
      tracks.set(path, known.set(rounds.join('.'), track))
      return track
    },
    report: () => ({ steps: flatten(placeAll(definition.pipeline, 'pipeline')).flatMap((placed) => reportStep(placed, tracks)) }),
  }
}

interface Listed extends PlacedStep {
  readonly isInRound: boolean
}

function flatten(steps: readonly PlacedStep[], isInRound = false): Listed[] {
  return steps.flatMap((placed) => [
    { ...placed, isInRound },
    ...sequencesOf(placed).flatMap((sequence) => flatten(sequence.steps, isInRound || sequence.role === 'round')),
  ])
}

function reportStep({ step, path, isInRound }: Listed, tracks: ReadonlyMap<string, ReadonlyMap<string, StepTrack>>): Json[] {
  const base = { id: step.id, kind: kindOfStep(step), path }
  const known = [...(tracks.get(path) ?? [])]
  if (known.length === 0) return isInRound ? [] : [{ ...base, round: null, state: 'pending', startedAt: null, endedAt: null }]
  return known.map(([round, track]) => ({ ...base, round: round === '' ? null : round, ...reportTrack(track) }))
}

function reportTrack({ state, startedAt, endedAt, rendered, output, error, rounds }: StepTrack) {
  return {
    state,
    startedAt: new Date(startedAt).toISOString(),
    endedAt: endedAt === null ? null : new Date(endedAt).toISOString(),
    ...(rendered === null ? {} : { rendered }),
    ...(output === null ? {} : { output }),
    ...(error === null ? {} : { error }),
    ...(rounds === null ? {} : { rounds: { ...rounds } }),
  }
}

export function end(track: StepTrack, state: Exclude<StepState, 'pending' | 'running'>, at: number): void {
  track.state = state
  track.endedAt = at
}

export function fail(track: StepTrack, { message, name, kind }: PipelineFailure, at: number): void {
  end(track, 'failed', at)
  track.error = { name, kind, message }
}

/** The value, or only its beginning if it is long, as a report is for people. */
export function shorten(value: Json): Json {
  const text = JSON.stringify(value)
  return text.length <= VALUE_CHARS_MAX ? value : `⟨${text.length} characters: ${text.slice(0, BEGINNING_CHARS)}…⟩`
}
