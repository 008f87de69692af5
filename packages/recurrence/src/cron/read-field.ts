// One field of a cron expression: `*`, `5`, `1-5`, `*/15`, `10-40/10`, `5/15`, lists of these, and names.

import { quote, refuse } from '../parsing.ts'

export interface Field {
  readonly label: string
  readonly min: number
  readonly max: number
  /** Three letters each, the first of which stands for `min`. */
  readonly names?: readonly string[]
}

/** Reads an entry that is not a number, such as `L` or `5#2`; undefined for any other entry. */
export type ReadSpecial<T> = (text: string, position: number) => T | undefined

/** The entries of a field, in the order written: whole numbers, and what `readSpecial` returns. */
export function readField<T extends object>(text: string, position: number, field: Field, readSpecial: ReadSpecial<T>): (number | T)[] {
  let at = position
  return text.split(',').flatMap((entry): (number | T)[] => {
    const start = at
    at += entry.length + 1
    if (entry === '') refuse(start, `the ${field.label} field has an empty entry`)
    const special = readSpecial(entry, start)
    return special === undefined ? readRange(entry, start, field) : [special]
  })
}

function readRange(entry: string, position: number, field: Field): number[] {
  const [range = '', stepText, ...more] = entry.split('/')
  if (more.length > 0) refuse(position, `${quote(entry)} has more than one step`)
  const step = stepText === undefined ? 1 : readStep(stepText, position + range.length + 1, field)
  const { from, to } = readBounds(range, position, field, stepText !== undefined)
  const values: number[] = []
  for (let value = from; value <= to; value += step) values.push(value)
  return values
}

function readStep(text: string, position: number, field: Field): number {
  const size = field.max - field.min + 1
  const step = /^\d{1,3}$/.test(text) ? Number(text) : 0
  return step >= 1 && step <= size ? step : refuse(position, `a step in the ${field.label} field is from 1 to ${size}, not ${quote(text)}`)
}

function readBounds(range: string, position: number, field: Field, hasStep: boolean): { from: number; to: number } {
  if (range === '*') return { from: field.min, to: field.max }
  const [first = '', last, ...more] = range.split('-')
  if (more.length > 0) refuse(position, `${quote(range)} is not a range`)
  const from = readValue(first, position, field)
  // `5/15` starts at 5 and continues to the end.
  if (last === undefined) return { from, to: hasStep ? field.max : from }
  const lastPosition = position + first.length + 1
  let to = readValue(last, lastPosition, field)
  // Sunday can end a week as well as start it.
  if (field.max === 7 && to === 0 && from > 0) to = 7
  if (to < from) refuse(position, `the range ${range} runs backwards; write ${first}-${field.max},${field.min}-${last}`)
  return { from, to }
}

export function readValue(text: string, position: number, field: Field): number {
  const name = field.names?.indexOf(text.toUpperCase()) ?? -1
  if (name >= 0) return field.min + name
  const hint = field.names ? ` or a name such as ${field.names[1]}` : ''
  if (!/^\d{1,2}$/.test(text))
    refuse(position, `the ${field.label} field takes numbers from ${field.min} to ${field.max}${hint}, not ${quote(text)}`)
  const value = Number(text)
  if (value < field.min || value > field.max) refuse(position, `the ${field.label} must be from ${field.min} to ${field.max}, not ${text}`)
  return value
}
