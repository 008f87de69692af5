/** Every verb is given answers and problems full of control characters. What it prints must not control the terminal. */
import { expect, test } from 'vitest'
import type { Field } from '../registry/verb.ts'
import { VERBS } from '../registry/verbs.generated.ts'
import { cliBench } from '../run-cli.fixture.ts'

/** C0 (a bell, a cursor move, a title), DEL, C1 (CSI, OSC), separators, bidi overrides and isolates, marks. */
const HOSTILE =
  'a\u0007\u0008\r\u001b[2J\u001b]0;title\u0007\u007f\u0085\u009b31m\u009d0;x\u009c\u2028\u2029\u202e\u2066\u2069\u200e\u200f\u061cz'
const CONTROLS = /[^\P{Cc}\n]|[\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u
const LINES = `${HOSTILE}\n${HOSTILE}`

/** An answer that has every kind of value in which a text may be: rows, nested values, names of fields. */
const answer = {
  runId: LINES,
  status: LINES,
  ok: false,
  outcome: HOSTILE,
  [HOSTILE]: LINES,
  output: { [HOSTILE]: [LINES] },
  error: { name: HOSTILE, message: LINES, stack: `${LINES}\n at ${HOSTILE}`, kind: 'error' },
  done: true,
  workflow: HOSTILE,
  createdAt: HOSTILE,
  finishedAt: HOSTILE,
  waits: [],
  summary: LINES,
}
const row = { ...answer, id: LINES, at: HOSTILE, level: HOSTILE, message: LINES, data: { [HOSTILE]: LINES }, name: LINES, tags: [LINES] }
const lists = Object.fromEntries([...new Set(VERBS.flatMap(({ rows }) => rows ?? []))].map((name) => [name, [row, row]]))

function wordsFor(fields: readonly Field[]): string[] {
  const needed = fields.filter(({ required, positional }) => required || positional)
  return needed.flatMap(({ form, flag, positional }) => {
    const one = form.kind === 'list' && form.item.kind === 'choice' ? form.item : form
    const word = one.kind === 'number' ? '1' : one.kind === 'choice' ? (one.choices[0] ?? '') : one.kind === 'text' ? HOSTILE : '{}'
    return positional ? [word] : [`--${flag}`, word]
  })
}

test.each(VERBS.map(({ verb, fields }) => [verb, fields] as const))(
  '`orrery %s` prints text of others without its control characters',
  async (verb, fields) => {
    const nextCursor = HOSTILE
    await using cli = await cliBench(() => ({ body: { ...answer, ...lists, nextCursor } }))
    await using refusing = await cliBench(() => ({
      status: 409,
      body: {
        code: HOSTILE,
        detail: LINES,
        title: LINES,
        errors: [{ path: HOSTILE, message: LINES, expected: LINES }],
        requestId: HOSTILE,
      },
    }))
    const args = [...verb.split(' '), ...wordsFor(fields)]
    for (const more of [[], ['--json'], ...(verb.endsWith('list') ? [['--full']] : [])]) {
      const { out, err } = await cli.run([...args, ...more])
      expect(out + err).not.toMatch(CONTROLS)
      expect(cli.requests.length).toBeGreaterThan(0)
    }
    const refused = await refusing.run(args)
    expect(refused.err).toContain('error: a\\u0007')
    expect(refused.out + refused.err).not.toMatch(CONTROLS)
  },
)

test.each([['runs', 'watch', 'run_1'], ['doctor'], ['login', '--api-key', 'k']])(
  '`orrery %s` prints it without its control characters',
  async (...args) => {
    await using cli = await cliBench(() => ({
      body: {
        ...answer,
        ...lists,
        name: LINES,
        version: HOSTILE,
        now: HOSTILE,
        nextCursor: null,
        actor: row,
        org: row,
        orgs: [row],
        expiresAt: HOSTILE,
        checks: { [HOSTILE]: { status: HOSTILE, reason: LINES } },
      },
    }))
    const { out, err } = await cli.run(args)
    expect(out).toContain('a\\u0007')
    expect(out + err).not.toMatch(CONTROLS)
  },
)

test.each([
  ['an unknown verb', [HOSTILE]],
  ['an unknown flag', ['runs', 'list', `--${HOSTILE}`]],
  ['a choice that does not exist', ['runs', 'list', '--status', HOSTILE]],
  ['a file that does not exist', ['limits', 'set', '-f', HOSTILE]],
  ['an address that is not one', ['runs', 'list', '--server', HOSTILE]],
  ['a folder that does not exist', ['dev', '--project', HOSTILE]],
])('prints %s without its control characters', async (_, args) => {
  await using cli = await cliBench()
  const { out, err } = await cli.run(args)
  expect(err).not.toBe('')
  expect(out + err).not.toMatch(CONTROLS)
})

test('the JSON of an answer is the same value as without escaping', async () => {
  await using cli = await cliBench(() => ({ body: { items: [row], nextCursor: null } }))
  expect(JSON.parse((await cli.run(['runs', 'list', '--json'])).out)).toEqual({ items: [row], nextCursor: null })
})
