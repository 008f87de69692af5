import { type ContentLine, parseContentLine, splitLines, unfold } from '../content-lines.ts'
import { type Parsed, parseWith, refuse } from '../parsing.ts'
import { parseRule } from './parse-rule.ts'
import { readStamps } from './read-stamps.ts'
import type { RecurrenceSet, Rule, Stamp } from './rule.ts'

/** Far more than a rule needs: only lists of dates are long. */
const RECURRENCE_LENGTH_MAX = 200_000
const LINES_MAX = 200

/**
 * Parses a rule as users write it: either the bare value (`FREQ=DAILY;BYHOUR=9`), or iCalendar lines DTSTART, RRULE, EXRULE, RDATE and
 * EXDATE, folded or not. Malformed text is refused with the position and the reason.
 */
export function parseRrule(text: string): Parsed<RecurrenceSet> {
  const unfolded = unfold(text)
  const parsed = parseWith(text, () => parseSet(unfolded.text), RECURRENCE_LENGTH_MAX)
  if (parsed.ok) return parsed
  return { ok: false, problem: { ...parsed.problem, position: unfolded.positionBefore(parsed.problem.position) } }
}

interface Lines {
  start: Stamp | undefined
  rules: { rule: Rule; line: ContentLine }[]
  exceptionRules: Rule[]
  dates: Stamp[]
  exceptionDates: Stamp[]
}

function parseSet(text: string): RecurrenceSet {
  const isBare = !/^\s*(?:DTSTART|RRULE|EXRULE|RDATE|EXDATE)\s*[;:]/i.test(text)
  if (isBare) {
    const rule = parseRule(text.replace(/\r?\n$/, ''), 0)
    return { start: undefined, rules: [rule], exceptionRules: [], dates: [], exceptionDates: [] }
  }
  const lines: Lines = { start: undefined, rules: [], exceptionRules: [], dates: [], exceptionDates: [] }
  let count = 0
  for (const { line, position } of splitLines(text)) {
    if (++count > LINES_MAX) refuse(position, `a recurrence may have at most ${LINES_MAX} lines`)
    readLine(parseContentLine(line, position), lines)
  }
  if (lines.rules.length + lines.dates.length === 0) refuse(text.length, 'a recurrence needs an RRULE or RDATE line')
  for (const { rule, line } of lines.rules) checkUntil(rule, lines.start, line)
  return {
    start: lines.start,
    rules: lines.rules.map(({ rule }) => rule),
    exceptionRules: lines.exceptionRules,
    dates: lines.dates,
    exceptionDates: lines.exceptionDates,
  }
}

function readLine(line: ContentLine, lines: Lines): void {
  switch (line.name) {
    case 'DTSTART':
      if (lines.start) refuse(line.position, 'DTSTART is given twice')
      lines.start = readStamps(line)[0]
      return
    case 'RRULE':
      lines.rules.push({ rule: parseRule(line.value, line.valuePosition), line })
      return
    case 'EXRULE':
      lines.exceptionRules.push(parseRule(line.value, line.valuePosition))
      return
    case 'RDATE':
      lines.dates.push(...readStamps(line))
      return
    case 'EXDATE':
      lines.exceptionDates.push(...readStamps(line))
      return
    default:
      refuse(line.position, `a recurrence consists of DTSTART, RRULE, EXRULE, RDATE and EXDATE lines, not ${line.name}`)
  }
}

/** RFC 5545 3.3.10: UNTIL has the type of DTSTART, and is in UTC if DTSTART has a time zone. */
function checkUntil({ until }: Rule, start: Stamp | undefined, line: ContentLine): void {
  if (!until || !start) return
  const position = line.valuePosition + line.value.toUpperCase().indexOf('UNTIL=') + 6
  if (until.isDate !== start.isDate) refuse(position, `UNTIL must be a ${start.isDate ? 'date' : 'date-time'}, as DTSTART is`)
  if (start.zone !== undefined && !start.isDate && until.zone !== 'UTC') {
    refuse(position, 'UNTIL must be in UTC (end in Z), because DTSTART has a time zone')
  }
}
