/** The metrics behind `analytics.business_metrics`: sums over real days, compared with the days before. */
import { type Day, moveDate, takeDays } from './days.ts'

export interface MetricsRequest {
  readonly lookbackDays: number
  readonly includeForecast: boolean
}

export interface Measure {
  readonly area: string
  readonly label: string
  readonly unit: 'USD' | 'USD per hour' | 'percent'
  readonly value: number
  /** The value of the preceding period of the same length. */
  readonly before: number
  /** The average of a period of the same length over the two weeks before. */
  readonly usual: number
}

export interface Metrics {
  readonly period: { readonly from: string; readonly to: string; readonly days: number }
  readonly source: string
  readonly measures: readonly Measure[]
  readonly forecast: Forecast | null
}

interface Forecast {
  readonly date: string
  readonly method: string
  readonly measures: readonly { readonly area: string; readonly expected: number; readonly low: number; readonly high: number }[]
}

/** The data has no earlier days to compare a longer period with. */
export const LOOKBACK_DAYS_MAX = 7
const BASELINE_DAYS = 14
const FORECAST_WEEKS = 3

/** The label of each area, and how to compute its value. Sums grow with the number of days, rates do not. */
const AREAS = [
  { area: 'revenue', label: 'fares', unit: 'USD', isSum: true, of: (days) => sum(days, 'faresUsd') },
  { area: 'costs', label: 'tolls, the one cost on record', unit: 'USD', isSum: true, of: (days) => sum(days, 'tollsUsd') },
  {
    area: 'team_productivity',
    label: 'fares per hour with a passenger',
    unit: 'USD per hour',
    isSum: false,
    of: (days) => sum(days, 'faresUsd') / sum(days, 'passengerHours'),
  },
  {
    area: 'customer_satisfaction',
    label: 'tips on fares paid by card',
    unit: 'percent',
    isSum: false,
    of: (days) => (100 * sum(days, 'cardTipsUsd')) / sum(days, 'cardFaresUsd'),
  },
] as const satisfies readonly (Pick<Measure, 'area' | 'label' | 'unit'> & { isSum: boolean; of(days: readonly Day[]): number })[]

/** @param yesterday the last day of the period, YYYY-MM-DD */
export function computeMetrics(
  days: ReadonlyMap<string, Day>,
  yesterday: string,
  { lookbackDays, includeForecast }: MetricsRequest,
): Metrics {
  const from = moveDate(yesterday, 1 - lookbackDays)
  const period = takeDays(days, yesterday, lookbackDays)
  const before = takeDays(days, moveDate(from, -1), lookbackDays)
  const baseline = takeDays(days, moveDate(from, -1), BASELINE_DAYS)
  return {
    period: { from, to: yesterday, days: lookbackDays },
    source: 'a sample of New York taxi trips; the last week of March 2019 stands for the current one',
    measures: AREAS.map(({ area, label, unit, isSum, of }) => {
      const usual = of(baseline) * (isSum ? lookbackDays / BASELINE_DAYS : 1)
      return { area, label, unit, value: round(of(period)), before: round(of(before)), usual: round(usual) }
    }),
    forecast: includeForecast ? computeForecast(days, moveDate(yesterday, 1)) : null,
  }
}

/** A simple forecast: mean, minimum and maximum of the same weekday in the weeks before. */
function computeForecast(days: ReadonlyMap<string, Day>, date: string): Forecast {
  const same = Array.from({ length: FORECAST_WEEKS }, (_, at) => takeDays(days, moveDate(date, -7 * (at + 1)), 1))
  const measures = AREAS.filter(({ isSum }) => isSum).map(({ area, of }) => {
    const values = same.map(of)
    const expected = values.reduce((total, value) => total + value, 0) / values.length
    return { area, expected: round(expected), low: round(Math.min(...values)), high: round(Math.max(...values)) }
  })
  return { date, method: `mean, minimum and maximum of the same weekday in the ${FORECAST_WEEKS} weeks before`, measures }
}

function sum(days: readonly Day[], member: Exclude<keyof Day, 'date'>): number {
  return days.reduce((total, day) => total + day[member], 0)
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
