import { type Analysis, type CompiledSchedule, type DstConflict, nextOccurrence } from '@orrery/recurrence'

/** Warnings about a schedule that may not do what its author expects. Each is a sentence. */
export function listScheduleWarnings(analysis: Analysis, compiled: CompiledSchedule, nowMs: number): string[] {
  const { schedule, policy } = compiled
  const gap = analysis.dstConflicts.find(({ kind }) => kind === 'gap')
  const overlap = analysis.dstConflicts.find(({ kind }) => kind === 'overlap')
  const sentences = [
    analysis.isImpossible && 'It never occurs.',
    !analysis.isImpossible && nextOccurrence(compiled, nowMs).kind === 'ended' && 'It is over: all its times have passed.',
    analysis.isUndecided && 'The search for an occurrence reached its limit. The schedule may never occur.',
    gap && `${nameTime(gap)} does not exist in ${schedule.zone}: the clocks jump over it. ${gaps[policy.gap]} (dst.gap).`,
    overlap &&
      `${nameTime(overlap)} exists twice in ${schedule.zone}: the clocks go back over it. ${overlaps[policy.overlap]} (dst.overlap).`,
    leapDays[analysis.leapDay],
    analysis.skipsShortMonths && 'It leaves out the months that do not have its day.',
  ]
  return sentences.filter((sentence) => typeof sentence === 'string')
}

const nameTime = ({ local }: DstConflict): string => local.replace('T', ' ').replace(/:00$/, '')

const gaps = {
  shift: 'It occurs as much later as the clocks jump',
  'first-valid': 'It occurs at the first time that exists',
  skip: 'It does not occur then',
} as const

const overlaps = {
  first: 'It occurs the first time',
  second: 'It occurs the second time',
  both: 'It occurs both times',
} as const

const leapDays = {
  none: undefined,
  only: 'It occurs in leap years only.',
  also: 'It occurs on 29 February, which most years do not have.',
  moves: 'Its day of the year is another date in leap years.',
} as const
