import type { Activation, Reaction } from '../../workflow/protocol.ts'

/** A bundle gave an answer that the protocol does not have. `run`: the run it is about; '' if that is unknown. */
export class BadReaction extends Error {
  override readonly name = 'BadReaction'
  readonly run: string

  constructor(run: string, message: string) {
    super(message)
    this.run = run
  }
}

type Check = (value: unknown, at: string) => void

/**
 * The reactions to `activations`, which follow `skip` others, as the protocol says (workflow/protocol.ts). A bundle is a text that anybody
 * may deploy, so its answers are data of strangers. Throws BadReaction, which names the member at fault.
 */
export function readReactions(answers: unknown, skip: number, activations: readonly Activation[]): readonly Reaction[] {
  if (!Array.isArray(answers) || answers.length !== skip + activations.length)
    throw new BadReaction('', `the bundle answered ${skip + activations.length} activations with ${show(answers)}`)
  for (const [index, { run }] of activations.entries()) {
    const reaction: unknown = answers[skip + index]
    try {
      checkReaction(reaction, run)
    } catch (error) {
      throw new BadReaction(run, error instanceof Error ? error.message : String(error))
    }
  }
  return skip === 0 ? answers : answers.slice(skip)
}

function checkReaction(reaction: unknown, run: string): void {
  const { run: own, commands, completion, answer } = record(reaction, 'the reaction')
  if (own !== run) throw new TypeError(`the reaction is about ${show(own)}`)
  if (Array.isArray(commands) && commands.length > COMMANDS_MAX)
    throw new TypeError(`the code begins ${commands.length} things in one turn; at most ${COMMANDS_MAX} are accepted (ctx.map has a limit)`)
  list(checkCommand)(commands, 'commands')
  optional(checkCompletion)(completion, 'completion')
  optional(checkAnswer)(answer, 'answer')
}

/** Of one turn of a run. Each takes about 20 us of the server, which answers no request meanwhile. */
const COMMANDS_MAX = 10_000

/** Longer than every name that has ever been accepted. */
const TEXT_CHARS_MAX = 10_000

const optional =
  (check: Check): Check =>
  (value, at) => {
    if (value !== undefined) check(value, at)
  }
const orNull =
  (check: Check): Check =>
  (value, at) => {
    if (value !== null) check(value, at)
  }
const list =
  (check: Check): Check =>
  (value, at) => {
    if (!Array.isArray(value)) refuse(value, at, 'an array')
    for (const [index, item] of value.entries()) check(item, `${at}[${index}]`)
  }
const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value, at) => {
    const members = record(value, at)
    for (const name in checks) checks[name]?.(members[name], `${at}.${name}`)
  }
const oneOf =
  (...choices: readonly string[]): Check =>
  (value, at) => {
    if (typeof value !== 'string' || !choices.includes(value)) refuse(value, at, `one of ${choices.join(', ')}`)
  }
const byType =
  (kinds: Readonly<Record<string, Check>>): Check =>
  (value, at) => {
    const { type } = record(value, at)
    const check = typeof type === 'string' && Object.hasOwn(kinds, type) ? kinds[type] : undefined
    if (check === undefined) refuse(type, `${at}.type`, `one of ${Object.keys(kinds).join(', ')}`)
    check(value, at)
  }

const text: Check = (value, at) => {
  if (typeof value !== 'string') refuse(value, at, 'a text')
}
/** What the database can store as a name. */
const name: Check = (value, at) => {
  if (typeof value !== 'string' || value.length > TEXT_CHARS_MAX || value.includes('\0') || !value.isWellFormed())
    refuse(value, at, `a text of up to ${TEXT_CHARS_MAX} characters without NUL`)
}
const whole: Check = (value, at) => {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > 2 ** 31 - 1) refuse(value, at, 'a whole number from 1')
}
/** Times and lengths of time in ms; the range of a Date. */
const number: Check = (value, at) => {
  if (typeof value !== 'number' || !Number.isFinite(value) || Math.abs(value) > 8.64e15) refuse(value, at, 'a number of milliseconds')
}
const boolean: Check = (value, at) => {
  if (typeof value !== 'boolean') refuse(value, at, 'true or false')
}
const present: Check = (value, at) => {
  if (value === undefined) refuse(value, at, 'a value')
}

const count: Check = (value, at) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) refuse(value, at, 'a number')
}
const checkRetry = fields({
  maxAttempts: count,
  initialMs: number,
  factor: count,
  incrementMs: number,
  maxMs: number,
  jitter: oneOf('full', 'equal', 'none'),
  nonRetryable: list(text),
})
const checkCommand = byType({
  step: fields({
    cmd: whole,
    name,
    args: present,
    options: fields({ timeoutMs: optional(number), retry: optional(checkRetry), queue: optional(name) }),
  }),
  sleep: fields({ cmd: whole, until: number }),
  signal: fields({ cmd: whole, name, until: orNull(number) }),
  child: fields({
    cmd: whole,
    workflow: name,
    input: present,
    options: fields({
      version: optional(name),
      queue: optional(name),
      priority: optional(oneOf('low', 'normal', 'high', 'urgent')),
      parentClose: optional(oneOf('cancel', 'abandon', 'terminate')),
      tags: optional(list(name)),
      timeoutMs: optional(number),
      dedupeKey: optional(name),
      dedupeReuse: optional(oneOf('never', 'after_failure')),
      assume: optional(name),
    }),
    detached: boolean,
  }),
  drop: fields({ cmd: whole }),
  patch: fields({ id: name }),
  log: fields({ level: oneOf('debug', 'info', 'warn', 'error'), message: text, data: present }),
})

const checkFailure: Check = fields({
  name: text,
  message: text,
  kind: oneOf('error', 'timeout', 'cancelled', 'non_retryable', 'child_failed', 'invalid'),
  stack: optional(text),
  cause: optional((value, at) => checkFailure(value, at)),
  errors: optional((value, at) => list(checkFailure)(value, at)),
})
const checkCompletion = byType({
  succeeded: fields({ output: present }),
  failed: fields({ error: checkFailure }),
  cancelled: fields({ timedOut: boolean }),
  continued: fields({ input: present }),
})
const checkAnswer: Check = (value, at) => {
  const { ok } = record(value, at)
  fields(ok === true ? { id: count, value: present } : { id: count, ok: boolean, error: checkFailure })(value, at)
}

function record(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(value, at, 'an object')
  return value as Record<string, unknown>
}

function refuse(value: unknown, at: string, expected: string): never {
  throw new TypeError(`${at} is ${show(value)}; expected ${expected}`)
}

function show(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : String(value)
}
