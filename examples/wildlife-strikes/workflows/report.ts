import { z } from 'zod'

/** One report, as the data file has it. */
export const Report = z.object({
  id: z.number().int(),
  date: z.string(),
  airport: z.string(),
  state: z.string(),
  operator: z.string(),
  aircraft: z.string(),
  phase: z.string(),
  time: z.string(),
  species: z.string(),
  size: z.enum(['Small', 'Medium', 'Large']),
  /** None, Minor, Medium, Substantial, and now and then a code that no list explains. */
  damage: z.string(),
  costUsd: z.number(),
  speedKnots: z.number().nullable(),
})
export type Report = z.infer<typeof Report>

export type Triage = 'inspect' | 'review' | 'file'

/** What one report came to. */
export interface Finding {
  readonly id: number
  readonly triage: Triage
  readonly reason: string
  /** Kinetic energy of the animal against the aircraft, in joules; null without a speed. */
  readonly impactJoules: number | null
}

export interface Estimate {
  readonly id: number
  readonly costUsd: number
}

export interface Summary {
  readonly reports: number
  readonly counts: Readonly<Record<Triage, number>>
  readonly reportedUsd: number
  readonly estimatedUsd: number
  readonly airports: readonly { readonly airport: string; readonly inspect: number; readonly reports: number }[]
  readonly inspect: readonly (Pick<Report, 'id' | 'date' | 'airport' | 'aircraft' | 'species'> & {
    readonly reason: string
    readonly costUsd: number
  })[]
}
