import { refuse } from '../parsing.ts'
import type { Part, Parts } from './parts.ts'
import type { Frequency, Rule } from './rule.ts'

/** Refuses parts that must not be combined (RFC 5545 3.3.10, its table and text). */
export function checkRule(rule: Rule, parts: Parts): void {
  const { frequency } = rule
  const forbid = (name: string, isForbidden: boolean, reason: string): void => {
    const part: Part | undefined = parts.get(name)
    if (part && isForbidden) refuse(part.namePosition, reason)
  }
  const is = (...some: Frequency[]): boolean => some.includes(frequency)

  forbid('UNTIL', parts.has('COUNT'), 'a rule ends by COUNT or by UNTIL, not by both')
  forbid('BYWEEKNO', !is('YEARLY'), `BYWEEKNO is allowed only in a YEARLY rule, not in a ${frequency} one`)
  forbid('BYYEARDAY', is('DAILY', 'WEEKLY', 'MONTHLY'), `BYYEARDAY is not allowed in a ${frequency} rule`)
  forbid('BYMONTHDAY', is('WEEKLY'), 'BYMONTHDAY is not allowed in a WEEKLY rule')
  const isNumbered = rule.byDay?.some(({ nth }) => nth !== undefined) === true
  forbid(
    'BYDAY',
    isNumbered && !is('MONTHLY', 'YEARLY'),
    `weekdays may have numbers (1MO) only in MONTHLY and YEARLY rules, not in a ${frequency} one`,
  )
  forbid('BYDAY', isNumbered && rule.byWeekNumber !== undefined, 'weekdays may not have numbers (1MO) together with BYWEEKNO')
  const hasOtherPart = [...parts.keys()].some((name) => name.startsWith('BY') && name !== 'BYSETPOS')
  forbid('BYSETPOS', !hasOtherPart, 'BYSETPOS needs another BY… part to choose from')
}
