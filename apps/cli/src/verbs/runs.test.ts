/** The commands of runs that do more than print an answer. A fake HTTP server answers. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EXIT } from '../exit-codes.ts'
import { cliBench } from '../run-cli.fixture.ts'

const runId = 'run_01jb2m4k6q8r0s2t4v6w8x0y2z'
const at = '2026-11-05T09:30:00.000Z'
const error = { name: 'Error', message: 'boom', kind: 'error' }
const started = { runId, outcome: 'started', status: 'queued', cancelled: [] }

/** A server on which every run has this end. */
const ended = (status: string) =>
  cliBench(({ line }) => {
    if (line.includes('/result')) {
      const isGood = status === 'succeeded'
      return { body: { runId, done: true, status, output: isGood ? { a: 1 } : null, error: isGood ? null : error, finishedAt: at } }
    }
    if (line.includes('/history')) return { body: { items: [], nextCursor: null } }
    if (line.startsWith('GET') && line.endsWith(runId)) return { body: { id: runId, workflow: 'hello', status, createdAt: at } }
    return { body: line.includes('run-now') ? { firing: {}, runId } : started }
  })

test('`runs result` exits with 5 for a run that did not succeed, and with 0 for one that did or is not done', async () => {
  for (const status of ['failed', 'cancelled', 'timed_out']) {
    await using cli = await ended(status)
    const { status: exit, out } = await cli.run(['runs', 'result', runId])
    expect({ exit, out }).toEqual({ exit: EXIT.unwell, out: expect.stringContaining('Error: boom') })
    expect(JSON.parse((await cli.run(['runs', 'result', runId, '--json'])).out)).toMatchObject({ status, error })
  }
  await using good = await ended('succeeded')
  expect((await good.run(['runs', 'result', runId])).status).toBe(EXIT.ok)
  await using open = await cliBench(() => ({
    body: { runId, done: false, status: 'running', output: null, error: null, finishedAt: null },
  }))
  expect((await open.run(['runs', 'result', runId])).status).toBe(EXIT.ok)
})

test.each([
  [['runs', 'start', 'hello']],
  [['run-now', 'morning']],
  [['pipelines', 'run', 'briefing']],
  [['runs', 'retry', runId]],
  [['runs', 'fork', runId, '2']],
])('%j --wait prints the end of the run, and exits with 5 unless it succeeded', async (args) => {
  await using good = await ended('succeeded')
  const said = await good.run([...args, '--wait'])
  expect(said.status, said.err).toBe(EXIT.ok)
  expect(said.out).toContain('succeeded  {"a":1}')
  expect(JSON.parse((await good.run([...args, '--wait', '--json'])).out)).toMatchObject({ status: 'succeeded', output: { a: 1 } })
  await using bad = await ended('failed')
  expect(await bad.run([...args, '--wait'])).toMatchObject({ status: EXIT.unwell, out: expect.stringContaining('boom') })
})

test('`runs terminate` cancels without cleanup', async () => {
  await using cli = await cliBench(() => ({ body: { runId, accepted: true } }))
  expect((await cli.run(['runs', 'terminate', runId, '--reason', 'enough'])).status).toBe(EXIT.ok)
  expect(cli.requests.map(({ line, body }) => [line, body])).toEqual([
    [`POST /api/v1/runs/${runId}/cancel`, { terminate: true, reason: 'enough' }],
  ])
})

const line = (message: string, step: string | null = 'look-up', attempt = 1) => ({
  cmd: step === null ? 0 : 1,
  step,
  attempt,
  at,
  level: 'info',
  message,
  data: null,
})

test('`runs logs` prints lines with their step', async () => {
  const items = [line('begins', null, 0), line('found\nit', 'look-up', 2), { ...line('odd', null), cmd: 7, level: 'warn', data: { n: 1 } }]
  await using cli = await cliBench(() => ({ body: { items, nextCursor: null } }))
  const { out } = await cli.run(['runs', 'logs', runId])
  expect(out.replaceAll(/^\d\d:\d\d:\d\d/gm, 'TIME').split('\n')).toEqual([
    'TIME  info   begins',
    'TIME  info   look-up (attempt 2): found',
    '                 it',
    'TIME  warn   step 7: odd {"n":1}',
    '',
  ])
  expect(JSON.parse((await cli.run(['runs', 'logs', runId, '--json'])).out)).toEqual({ items, nextCursor: null })
})

test('`runs logs --follow` prints each line once, across pages, until the run has ended', async () => {
  const all = Array.from({ length: 5 }, (_, count) => line(`line ${count}`))
  let grown = 1
  await using cli = await cliBench(({ line: request }) => {
    if (request.includes('/result')) {
      grown += 1
      return { body: { runId, done: grown > 5, status: 'running', output: null, error: null, finishedAt: null } }
    }
    // Pages of two lines.
    const from = Number(/cursor=(\d+)/.exec(request)?.[1] ?? 0)
    const known = all.slice(0, Math.min(grown, all.length))
    return { body: { items: known.slice(from, from + 2), nextCursor: known.length > from + 2 ? String(from + 2) : null } }
  })
  const { status, out } = await cli.run(['runs', 'logs', runId, '--follow', '--json'])
  expect(status).toBe(EXIT.ok)
  expect(
    out
      .trim()
      .split('\n')
      .map((text) => (JSON.parse(text) as { message: string }).message),
  ).toEqual(all.map(({ message }) => message))
})

test.each([
  ['workflow', ['runs', 'start', 'helo'], 'workflow.not_found', ['goodbye', 'hello'], 'Did you mean hello?'],
  ['tool', ['tools', 'call', 'http.reqest'], 'tool.not_found', ['http.request', 'time.now'], 'Did you mean http.request?'],
  ['automation', ['run-now', 'morning'], 'automation.not_found', ['morning-check', 'evening'], 'Did you mean morning-check?'],
])('suggests the %s whose name is written alike', async (_, args, code, known, message) => {
  await using cli = await cliBench(({ line: request }) =>
    request.startsWith('GET')
      ? { body: { items: known.map((name) => ({ name })), nextCursor: null } }
      : { status: 404, body: { status: 404, code, detail: 'There is no such name.' } },
  )
  const { status, err } = await cli.run(args)
  expect(status).toBe(EXIT.refused)
  expect(err).toContain(`There is no such name. ${message}`)
})

const complete = async (words: string[]) => {
  await using cli = await cliBench(() => ({ body: { items: [{ name: 'hello' }, { name: 'other' }], nextCursor: null } }))
  return (await cli.run(['complete', '--', ...words])).out.trim().split('\n')
}

test('completes commands, flags, choices and names', async () => {
  expect(await complete(['run'])).toEqual(expect.arrayContaining(['runs', 'run-now']))
  expect(await complete([''])).not.toContain('complete')
  expect(await complete(['runs', 'st'])).toEqual(['start'])
  expect(await complete(['runs', 'list', '--st'])).toEqual(['--status'])
  expect(await complete(['runs', 'list', '--status', 'fa'])).toEqual(['failed'])
  expect(await complete(['runs', 'start', 'hel'])).toEqual(['hello'])
  expect(await complete(['runs', 'start', '--input', '{}', 'hel'])).toEqual(['hello'])
  expect(await complete(['completion', ''])).toEqual(['bash', 'zsh', 'fish'])
})

/** What each shell is asked, with the script of `orrery completion` before it: to complete the last word of `orrery runs st`. And the candidates. */
const SHELLS = [
  ['bash', ['--norc', '-c'], `COMP_WORDS=(orrery runs st)\nCOMP_CWORD=2\n_orrery\nprintf '%s,' "\${COMPREPLY[@]}"`, 'runs,st,'],
  // Without a configuration, so that the script has to load the completion system. Only a widget may call the real compadd.
  [
    'zsh',
    ['-f', '-c'],
    `[[ $_comps[orrery] == _orrery ]] || exit 1\ncompadd() { shift; printf '%s,' "$@" }\nwords=(orrery runs st)\nCURRENT=3\n_orrery`,
    'runs,st,',
  ],
  // fish leaves out candidates that do not begin like the word.
  ['fish', ['--no-config', '-c'], `complete -C 'orrery runs st' | tr '\\n' ','`, 'st,'],
] as const
/** CI installs zsh and fish where it can. */
const isInstalled = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0

test.each(SHELLS.filter(([shell]) => isInstalled(shell)))(
  'the script for %s completes in that shell',
  async (shell, flags, question, candidates) => {
    await using cli = await cliBench()
    const script = (await cli.run(['completion', shell])).out
    const bin = join(cli.folder, 'bin')
    mkdirSync(bin)
    // A stand-in that prints the words it was asked about; the last one is the word at the cursor.
    writeFileSync(join(bin, 'orrery'), '#!/bin/sh\nshift 2\nprintf "%s\\n" "$@"\n')
    chmodSync(join(bin, 'orrery'), 0o755)
    const env = { PATH: `${bin}:${process.env.PATH}`, HOME: cli.folder }
    const { stdout, stderr } = spawnSync(shell, [...flags, `${script}\n${question}`], { encoding: 'utf8', env })
    expect({ stdout, stderr }).toEqual({ stdout: candidates, stderr: '' })
  },
)
