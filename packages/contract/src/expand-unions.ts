import type { z } from 'zod'

type Issue = z.core.$ZodIssue

/**
 * The issues with those of unions replaced by what is wrong with the form that was meant: one for values of this type, and of those the one
 * with the fewest issues. If no form was meant, one issue says what each expects.
 */
export function expandUnions(issues: readonly Issue[]): Issue[] {
  return issues.flatMap((issue) => (issue.code === 'invalid_union' && issue.errors.length > 0 ? expandUnion(issue) : [issue]))
}

function expandUnion(issue: z.core.$ZodIssueInvalidUnion): Issue[] {
  const forms = issue.errors.map(expandUnions)
  const meant = forms.filter((form) => !form.some(isOfOtherType))
  const fewest = Math.min(...meant.map((form) => form.length))
  const [nearest = [], ...others] = meant.filter((form) => form.length === fewest)
  const isAboutMember = nearest.some(({ path }) => path.length > 0)
  if (nearest.length > 0 && (isAboutMember || others.length === 0)) {
    return nearest.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
  }
  const messages = (nearest.length > 0 ? [nearest, ...others] : forms).flatMap((form) => form.map(({ message }) => message))
  return [{ ...issue, message: joinMessages([...new Set(messages)]) }]
}

const isOfOtherType = ({ path, code }: Issue): boolean =>
  path.length === 0 && (code === 'invalid_type' || code === 'invalid_value' || code === 'invalid_union')

/** `Expected a text or a list, got a number`. */
function joinMessages(messages: readonly string[]): string {
  const parts = messages.map((message) => /^(Expected|Missing; expected) (.+?)(, got .+)?$/.exec(message))
  const [, begin = '', , end = ''] = parts[0] ?? []
  const expected = parts.map((part) => (part?.[1] === begin && (part[3] ?? '') === end ? part[2] : undefined))
  return expected.includes(undefined) ? messages.join(', or ') : `${begin} ${expected.join(' or ')}${end}`
}
