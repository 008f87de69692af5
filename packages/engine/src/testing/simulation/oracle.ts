import type { Engine } from '../../api.ts'
import { key, type Tables } from '../../store/memory/tables.ts'
import { violations } from '../../store/memory/violations.ts'
import type { OrgId, RunId } from '../../store/store.ts'
import { checkHistories, isReceipt, type Order, payloadOf } from './check-history.ts'
import type { EffectInput } from './program.ts'

/** Watches a simulation and collects violations of the engine's promises. */
export interface Oracle {
  readonly problems: string[]
  /** A step's body begins. `token` is what it will return. */
  effect(run: RunId, input: EffectInput, idempotencyKey: string, token: string): void
  /** A caller learned that the run exists. */
  acknowledged(run: RunId): void
  /** A start with a dedupe key was answered with this run. */
  deduped(key: string, run: RunId): void
  /** A message is sent for the first time. */
  sent(run: RunId, name: string, payload: string): void
  /** The message's sender knows that it has arrived. */
  delivered(payload: string): void
  /** True if a message of this name has arrived and the run has not received it. */
  isUnread(run: RunId, name: string): boolean
  /** A caller learned how a run ended. */
  ended(run: RunId, status: string, output: string | null): void
  /** A caller's query was answered, for which the run was replayed. */
  answered(run: RunId, answer: Awaited<ReturnType<Engine['query']>>): void
  blocked(run: RunId, reason: string): void
  problem(text: string): void
  /** Checks the store's invariants, which hold at any time. */
  checkInvariants(): void
  /** Checks everything that must hold at the end. */
  checkEnd(): void
}

const PROBLEMS_MAX = 20

export function createOracle(tables: Tables, org: OrgId): Oracle {
  const problems: string[] = []
  const acked = new Set<RunId>()
  const answers = new Map<RunId, string>()
  const places = new Map<string, string>()
  const tokens = new Set<string>()
  const firsts = new Map<string, RunId>()
  const order: Order = new Map()
  let moments = 0
  const problem = (text: string): void => {
    if (problems.length < PROBLEMS_MAX) problems.push(text)
  }
  /** A value that was set must not change. */
  const same = (values: Map<string, string>, name: string, value: string, what: string): void => {
    const before = values.get(name)
    if (before !== undefined && before !== value) problem(`${what}: ${name} is ${before} and ${value}`)
    values.set(name, value)
  }
  const isDurable = (token: string): boolean => {
    const output = JSON.stringify(token)
    for (const rows of tables.journal.values()) if (rows.some((row) => row.output === output)) return true
    return false
  }
  const checkInvariants = (): void => {
    for (const { invariant, rows } of violations(tables)) problem(`${invariant}: ${rows} rows`)
  }
  return {
    problems,
    problem,
    checkInvariants,
    acknowledged: (run) => void acked.add(run),
    deduped: (name, run) => same(firsts, name, run, 'I13'),
    effect: (run, input, idempotencyKey, token) => {
      // Invariants (I3) and (I4): everything that a workflow has seen, or got from its parent, is journalled before its effects begin.
      for (const seen of input.seen) if (!isDurable(seen)) problem(`I3/I4: ${run} acts on ${seen}, which is not durable`)
      const live = tables.live.get(key(org, run))
      if (live && live.bundle !== input.version) problem(`${run} is pinned to ${live.bundle}, and ${input.version} executes it`)
      same(places, idempotencyKey, input.path, 'idempotency key')
      tokens.add(token)
    },
    sent: (run, name, payload) => void order.set(payload, { run, name, payload, sentAt: ++moments, deliveredAt: null }),
    delivered: (payload) => {
      const message = order.get(payload)
      if (message && message.deliveredAt === null) message.deliveredAt = ++moments
    },
    isUnread: (run, name) => {
      const received = new Set((tables.journal.get(key(org, run)) ?? []).filter(isReceipt).map(payloadOf))
      const sent = [...order.values()].filter((message) => message.run === run && message.name === name)
      return sent.some(({ payload, deliveredAt }) => deliveredAt !== null && !received.has(payload))
    },
    ended: (run, status, output) => same(answers, run, `${status} ${output}`, 'result'),
    answered: (run, answer) => {
      if (answer !== null && !answer.ok) problem(`I12: ${run} cannot be replayed: ${answer.error.message}`)
    },
    blocked: (run, reason) => {
      problem(`I12: ${run} is blocked: ${reason}`)
    },
    checkEnd: () => {
      checkInvariants()
      for (const run of acked) if (!tables.results.has(key(org, run))) problem(`I1: ${run} was acknowledged and has no result`)
      for (const [run, text] of answers) {
        const result = tables.results.get(key(org, run))
        if (result && `${result.status} ${result.output}` !== text) problem(`${run}: a caller got ${text}, stored is ${result.status}`)
      }
      for (const text of checkHistories(tables, tokens, order)) problem(text)
    },
  }
}
