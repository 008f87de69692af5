import { describeLargeNumber, findLargeNumber } from '@orrery/contract'
import { limitError, typeError } from '../expression-error.ts'
import { LIMITS, measure, spend, spendText } from '../meter.ts'
import { localDate, readTime } from '../time-values.ts'
import { toText } from '../values.ts'
import { ANY, type Argument, type CallContext, type FunctionSpec, TEXT } from './function-spec.ts'

const JSON_NUMBER = /^-?(?:0|[1-9]\d{0,400})(?:\.\d{1,400})?(?:[eE][+-]?\d{1,3})?$/

/** A function of texts only. Fuel for reading them is spent before it runs. */
function ofTexts(count: number, returns: FunctionSpec['returns'], compute: (...texts: string[]) => string | boolean): FunctionSpec {
  return {
    params: Array<readonly ['string']>(count).fill(['string']),
    returns,
    apply: (args, { meter }) => {
      const texts = args as readonly string[]
      for (const text of texts) spendText(meter, text.length)
      return compute(...texts)
    },
  }
}

export const TEXT_FUNCTIONS: Readonly<Record<string, FunctionSpec>> = {
  starts_with: ofTexts(2, ['boolean'], (text = '', start = '') => text.startsWith(start)),
  ends_with: ofTexts(2, ['boolean'], (text = '', end = '') => text.endsWith(end)),
  lower: ofTexts(1, TEXT, (text = '') => text.toLowerCase()),
  upper: ofTexts(1, TEXT, (text = '') => text.toUpperCase()),
  trim: ofTexts(1, TEXT, (text = '') => text.trim()),
  replace: { params: [TEXT, TEXT, TEXT], returns: TEXT, apply: replace },
  split: { params: [TEXT, TEXT], returns: ['array'], apply: ([text, by], { meter }) => splitText(meter, text as string, by as string) },
  join: { params: [TEXT, 'texts'], returns: TEXT, apply: ([by, list], { meter }) => joinTexts(meter, by as string, list as string[]) },
  to_string: {
    params: [ANY],
    returns: TEXT,
    apply: ([value], { meter }) => {
      spendText(meter, measure(meter, value as never))
      return toText(value as never)
    },
  },
  to_number: {
    params: [ANY],
    returns: ['number', 'null'],
    apply: ([value]) => {
      if (typeof value === 'number') return value
      if (typeof value !== 'string' || value.length >= 1000 || !JSON_NUMBER.test(value)) return null
      const large = findLargeNumber(value)
      if (large !== null) throw typeError(`${describeLargeNumber(large).message}; leave it a text`)
      return Number(value)
    },
  },
  date: {
    params: [TEXT],
    returns: TEXT,
    apply: ([time], { timezone, meter }) => {
      spend(meter, 50)
      const ms = readTime(time as string)
      if (ms === null)
        throw typeError(`date() takes a time such as 2026-11-05T09:30:00Z, not ${JSON.stringify((time as string).slice(0, 40))}`)
      return localDate(ms, timezone)
    },
  },
}

function replace([text, from, to]: readonly Argument[], { meter }: CallContext): string {
  return joinTexts(meter, to as string, splitText(meter, text as string, from as string))
}

function splitText(meter: CallContext['meter'], text: string, by: string): string[] {
  if (by === '') throw typeError('the text to look for must not be empty')
  spendText(meter, text.length)
  const parts: string[] = []
  let from = 0
  for (let at = text.indexOf(by); at >= 0; at = text.indexOf(by, from)) {
    spend(meter, 1)
    parts.push(text.slice(from, at))
    from = at + by.length
  }
  parts.push(text.slice(from))
  return parts
}

function joinTexts(meter: CallContext['meter'], by: string, parts: readonly string[]): string {
  spend(meter, parts.length)
  const length = parts.reduce((sum, part) => sum + part.length + by.length, 0)
  if (length > LIMITS.outputLength + by.length) throw limitError(`a text would be longer than ${LIMITS.outputLength} characters`)
  spendText(meter, length)
  return parts.join(by)
}
