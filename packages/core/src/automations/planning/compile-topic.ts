import type { Parsed } from '@orrery/recurrence'

/** A valid pattern over topics. */
export interface TopicPattern {
  readonly text: string
  /** The beginning of every topic that matches, so that an index finds candidates. */
  readonly prefix: string
  matches(topic: string): boolean
}

/** The longest type that an event may have. */
const TOPIC_LENGTH_MAX = 128

/**
 * Topics are words separated by dots. In a pattern, `*` matches exactly one word, and `>` at the end matches one or more (the rules of NATS
 * subjects). Everything else matches literally and is case-sensitive. Ordinaut's exact topics are patterns without wildcards.
 */
export function compileTopic(text: string): Parsed<TopicPattern> {
  if (text.length > TOPIC_LENGTH_MAX) return refuse(TOPIC_LENGTH_MAX, `longer than ${TOPIC_LENGTH_MAX} characters`)
  const words = text.split('.')
  let position = 0
  for (const [index, word] of words.entries()) {
    const problem = findProblem(word, index === words.length - 1)
    if (problem) return refuse(position, problem)
    position += word.length + 1
  }
  const isOpen = words.at(-1) === '>'
  const fixed = isOpen ? words.slice(0, -1) : words
  const matches = (topic: string): boolean => {
    const parts = topic.split('.')
    if (isOpen ? parts.length <= fixed.length : parts.length !== fixed.length) return false
    return parts.every((part, at) => part !== '' && (at >= fixed.length || fixed[at] === '*' || fixed[at] === part))
  }
  return { ok: true, value: { text, prefix: findPrefix(words), matches } }
}

function findProblem(word: string, isLast: boolean): string | null {
  if (word === '') return 'a word is missing'
  if (word === '>') return isLast ? null : '> is only allowed at the end'
  if (word !== '*' && /[*>]/.test(word)) return 'a wildcard must be a whole word'
  if (/[\s\p{Cc}]/u.test(word)) return 'no white space or control characters'
  return null
}

/** The words before the first wildcard, and the dot that follows them. */
function findPrefix(words: readonly string[]): string {
  const wildcard = words.findIndex((word) => word === '*' || word === '>')
  return wildcard === -1
    ? words.join('.')
    : words
        .slice(0, wildcard)
        .map((word) => `${word}.`)
        .join('')
}

const refuse = (position: number, message: string): Parsed<never> => ({ ok: false, problem: { position, message } })
