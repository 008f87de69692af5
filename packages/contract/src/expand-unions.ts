import type { z } from 'zod'

type Issue = z.core.$ZodIssue

/**
 * The issues with those of unions replaced by what is wrong with the form that was meant: one for values of this type, and of those the one
 * with the fewest issues. If no form was meant, or several equally, one issue says what each expects.
 */
export function expandUnions(issues: readonly Issue[]): Issue[] {
  return issues.flatMap((issue) => (issue.code === 'invalid_union' && issue.errors.length > 0 ? expandUnion(issue) : [issue]))
}

function expandUnion(issue: z.core.$ZodIssueInvalidUnion): Issue[] {
  const forms = issue.errors.map(expandUnions)
  const meant = forms.filter((form) => !form.some(isOfOtherType))
  const fewest = Math.min(...meant.map((form) => form.length))
  const nearest = meant.filter((form) => form.length === fewest)
  const [first = [], ...others] = nearest.length > 0 ? nearest : forms.map((form) => form.filter(isOfOtherType))
  const isInAll = (one: Issue) => others.every((form) => form.some((other) => describe(other) === describe(one)))
  const common = first.filter((one) => others.length === 0 || (nearest.length > 0 && isInAll(one)))
  const inner = common.map((one) => ({ ...one, path: [...issue.path, ...one.path] }))
  const texts = common.map(describe)
  const choices = [first, ...others].map((form) => form.map(describe).filter((text) => !texts.includes(text)))
  const messages = choices.filter((form) => form.length > 0).map((form) => form.join(' and '))
  return messages.length === 0 ? inner : [{ ...issue, message: joinMessages([...new Set(messages)]) }, ...inner]
}

/** `every.minutes: Missing; expected a number`. */
function describe(issue: Issue): string {
  const place = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  const words = issue.code === 'unrecognized_keys' ? `Unknown field ${issue.keys.join(', ')}` : issue.message
  return place === '' ? words : `${place.replace(/^\./, '')}: ${words}`
}

const isOfOtherType = ({ path, code }: Issue): boolean =>
  path.length === 0 && (code === 'invalid_type' || code === 'invalid_value' || code === 'invalid_union')

/** `Expected a text or a list, got a number`. A message about values does not say what it got. */
function joinMessages(messages: readonly string[]): string {
  const parts = messages.map((message) => /^(Expected|Missing; expected) (.+?)(, got .+)?$/.exec(message) ?? [])
  const [begin = '', ...otherBegins] = new Set(parts.map(([, begins = '']) => begins))
  const [end = '', ...otherEnds] = new Set(parts.flatMap(([, , , got = []]) => got))
  if (begin === '' || otherBegins.length + otherEnds.length > 0) return messages.join(', or ')
  return `${begin} ${parts.map(([, , expected]) => expected).join(' or ')}${end}`
}
