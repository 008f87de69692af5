/** The command line as a face: runs the whole program in this process, with an empty home, against the server under test. */
import { tmpdir } from 'node:os'
import type { Operation } from '@orrery/contract'
import type { Field } from '../../apps/cli/src/registry/verb.ts'
import { VERBS } from '../../apps/cli/src/registry/verbs.generated.ts'
import { run } from '../../apps/cli/src/run.ts'
import { shown } from '../../apps/cli/src/shown.ts'

export interface Said {
  readonly status: number
  /** Standard output and standard error. */
  readonly text: string
  readonly sent: string
}

/** @param server null as key: no key is configured */
export async function runCommand(
  operation: Operation,
  input: object,
  server: { readonly url: string; readonly key: string | null },
): Promise<Said> {
  let text = ''
  const say = (more: { readonly text: string }) => void (text += more.text)
  const args = [...commandLine(operation, input as Readonly<Record<string, unknown>>), '--json']
  const status = await run(args, {
    env: { HOME: tmpdir(), ORRERY_URL: server.url, ...(server.key === null ? {} : { ORRERY_KEY: server.key }) },
    cwd: tmpdir(),
    isTerminal: false,
    isInputTerminal: false,
    columns: 100,
    out: say,
    err: say,
    readStdin: async () => '',
    style: (_, part) => shown`${part}`,
    signal: new AbortController().signal,
  })
  return { status, text, sent: args.join(' ') }
}

/** The arguments that pass the input to the command of the operation. */
function commandLine({ name: operation }: Operation, input: Readonly<Record<string, unknown>>): string[] {
  const { verb = '', fields = [] } = VERBS.find(({ name }) => name === operation) ?? {}
  const given = fields.filter(({ name }) => input[name] !== undefined)
  const flags = given.filter(({ positional }) => !positional).flatMap((field) => flagOf(field, input[field.name]))
  const places = given.filter(({ positional }) => positional).map(({ name }) => wordOf(input[name]))
  return [...verb.split(' '), ...flags, ...places]
}

function flagOf({ flag, form }: Field, value: unknown): string[] {
  if (form.kind === 'switch') return value === true ? [`--${flag}`] : []
  return [`--${flag}`, form.kind === 'json' ? JSON.stringify(value) : wordOf(value)]
}

const wordOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
