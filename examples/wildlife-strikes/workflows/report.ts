import { z } from 'zod'

/** One report in the format of the data file. */
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
  /** None, Minor, Medium, Substantial, or occasionally a code that is not documented. */
  damage: z.string(),
  costUsd: z.number(),
  speedKnots: z.number().nullable(),
})
export type Report = z.infer<typeof Report>

export type Triage = 'inspect' | 'review' | 'file'

/** The assessment of one report. */
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
