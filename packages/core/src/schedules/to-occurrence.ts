import type { OutputOf } from '@orrery/contract'
import { type PreviewLine, weekdayNames } from '@orrery/recurrence'

/** A line of a preview in the form that the API returns. */
export function toOccurrence({ nominalMs, here, there }: PreviewLine): OutputOf<'schedules.preview'>['occurrences'][number] {
  return {
    at: new Date(nominalMs).toISOString(),
    local: here.local,
    weekday: weekdayNames[here.weekday] ?? 'mon',
    clocks: here.clocks ?? null,
    viewerLocal: there.local,
    viewerWeekday: weekdayNames[there.weekday] ?? 'mon',
    viewerClocks: there.clocks ?? null,
  }
}
