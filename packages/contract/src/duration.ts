import { z } from 'zod'

const optional = (...units: string[]): string => units.map((unit) => `(?:\\d{1,9}(?:\\.\\d{1,3})?${unit})?`).join('')

const SHORT = `(?=\\d)${optional('w', 'd', 'h', 'm(?!s)', 's', 'ms')}`
const ISO = `P(?=\\d|T\\d)${optional('W', 'D')}(?:T(?=\\d)${optional('H', 'M', 'S')})?`

/**
 * `30m`, `1h30m`, `250ms`, `P3D`, `PT30M`. A bare number is refused because its unit is unknown.
 * A day has 24 hours, a week 7 days. At most 3,000 years.
 */
export const duration = z
  .string()
  .regex(new RegExp(`^(?:${SHORT}|${ISO})$`), 'Expected a duration such as 30m, 1h30m or PT30M')
  .meta({ description: 'A duration: 30m, 1h30m, 250ms or ISO 8601 PT30M.' })
