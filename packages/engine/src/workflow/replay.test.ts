/** Invariant (I12): a replayed journal produces the commands that were issued when it was written, for any order of completions. */
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { buildBundle } from '../bundle/build-bundle.ts'
import { createSandbox, type Sandbox } from '../sandbox/create-sandbox.ts'
import type { Node } from './fixtures/program.ts'
import type { Activation, Command, Delivery, Reaction } from './protocol.ts'

let code: string
let sandbox: Sandbox

beforeAll(async () => {
  code = (await buildBundle({ entries: ['program.ts'], root: fileURLToPath(new URL('fixtures', import.meta.url)) })).code
  sandbox = createSandbox(code, { timeoutMs: 1000 })
})

const { node } = fc.letrec<{ node: Node }>((tie) => {
  const several = fc.array(tie('node'), { minLength: 1, maxLength: 3 })
  return {
    node: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.record({ op: fc.constant('step' as const), n: fc.nat(9) }),
      fc.constant<Node>({ op: 'sleep' }),
      fc.record({ op: fc.constant('signal' as const), timeout: fc.boolean() }),
      fc.constant<Node>({ op: 'random' }),
      fc.record({ op: fc.constant('child' as const), detached: fc.boolean() }),
      fc.record({ op: fc.constant('seq' as const), of: several }),
      fc.record({ op: fc.constant('all' as const), of: several, limit: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ op: fc.constant('promiseAll' as const), of: several }),
      fc.record({ op: fc.constant('race' as const), of: several }),
      fc.record({ op: fc.constant('try' as const), of: tie('node'), cleanup: tie('node') }),
      fc.record({ op: fc.constant('scope' as const), of: tie('node') }),
      fc.record({ op: fc.constant('shield' as const), of: tie('node') }),
    ),
  }
})

/** Answers open commands in an order and with outcomes that `choices` decide. Returns the journal of deliveries and the reactions. */
function live(run: string, program: Node, choices: readonly number[]) {
  const info = { runId: run, orgId: 'org', workflow: 'program', version: 'v', parentRunId: null, scopes: [] }
  const journal: { at: number; delivery: Delivery }[] = []
  const reactions: Reaction[] = []
  const open: Extract<Command, { type: 'step' | 'sleep' | 'signal' | 'child' }>[] = []
  let at = 1000
  let cancelled = false
  const send = (delivery: Delivery): boolean => {
    journal.push({ at, delivery })
    const [reaction] = sandbox.activate([{ run, at, replaying: false, delivery }])
    if (reaction === undefined) throw new Error('no reaction')
    reactions.push(reaction)
    for (const command of reaction.commands) {
      if (command.type === 'drop')
        open.splice(
          open.findIndex(({ cmd }) => cmd === command.cmd),
          1,
        )
      else if (command.type !== 'log' && command.type !== 'patch') open.push(command)
    }
    return reaction.completion === undefined
  }
  let goes = send({ type: 'start', workflow: 'program', input: program, seed: run, info, patches: [] })
  for (let turn = 0; goes && open.length > 0; turn++) {
    const choice = choices[turn % choices.length] ?? 0
    at += choice + 1
    if (choice % 17 === 16 && !cancelled) {
      cancelled = true
      goes = send({ type: 'cancel', reason: 'chance', timedOut: false })
    } else {
      const cmd = open.splice(choice % open.length, 1)[0]?.cmd ?? 0
      const error = { name: 'Error', message: `no ${cmd}`, kind: 'error' } as const
      goes = send(choice % 5 === 4 ? { type: 'reject', cmd, error } : { type: 'resolve', cmd, value: choice })
    }
  }
  return { journal, reactions, ended: !goes }
}

test('every journal replays to the same commands in another sandbox', { timeout: 60_000 }, () => {
  let count = 0
  fc.assert(
    fc.property(node, fc.array(fc.nat(1000), { minLength: 1, maxLength: 20 }), (program, choices) => {
      const run = `run-${++count}`
      const { journal, reactions, ended } = live(run, program, choices)
      expect(ended).toBe(true)
      const again = count % 50 === 0 ? createSandbox(code, { timeoutMs: 1000 }) : sandbox
      const batch: Activation[] = journal.map(({ at, delivery }) => ({ run: `${run}-again`, at, replaying: false, delivery }))
      // The replay delivers in one call what came in single calls before. A workflow does not see the run's own id.
      expect(again.activate(batch)).toEqual(reactions.map((reaction) => ({ ...reaction, run: `${run}-again` })))
      sandbox.activate([run, `${run}-again`].map((id) => ({ run: id, at: 0, replaying: false, delivery: { type: 'evict' } })))
    }),
    { numRuns: 600 },
  )
})

test('commands are numbered 1, 2, 3 without a gap', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(node, fc.array(fc.nat(1000), { minLength: 1, maxLength: 20 }), (program, choices) => {
      const numbers = live('numbered', program, choices)
        .reactions.flatMap(({ commands }) => commands)
        .flatMap((command) => ('cmd' in command && command.type !== 'drop' ? [command.cmd] : []))
      expect(numbers).toEqual(numbers.map((_, index) => index + 1))
    }),
    { numRuns: 300 },
  )
})
