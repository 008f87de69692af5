import { parseArgs } from 'node:util'
import type { z } from 'zod'
import { SETTINGS, type Setting } from './settings.ts'

type Settings = typeof SETTINGS
export type Config = { readonly [K in keyof Settings]: z.output<Settings[K]['shape']> }

/** Settings with invalid values. The message names each variable and what was expected, never the value of a secret. */
export class BadSetting extends Error {
  override readonly name = 'BadSetting'
}

/**
 * Reads the configuration. A flag wins over the environment; an unknown flag is refused.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>, args: readonly string[]): Config {
  const flags = readFlags(args)
  const refused: string[] = []
  const config: Record<string, unknown> = {}
  for (const [key, setting] of Object.entries<Setting>(SETTINGS)) {
    const flag = setting.flag === undefined ? undefined : flags[setting.flag]
    const raw = flag ?? env[setting.env]
    const read = setting.shape.safeParse(raw === undefined || raw.trim() === '' ? undefined : raw.trim())
    if (read.success) {
      config[key] = read.data
      continue
    }
    const got = setting.secret ? '' : `, not "${raw}"`
    refused.push(`${flag === undefined ? setting.env : `--${setting.flag}`} must be ${setting.expected}${got}`)
  }
  if (config.watch === true && config.project === undefined) refused.push('ORRERY_WATCH (--watch) needs ORRERY_PROJECT (--project)')
  for (const [one, other] of TOGETHER) {
    if (config[one] !== undefined && config[other] === undefined) refused.push(`${SETTINGS[one].env} needs ${SETTINGS[other].env}`)
  }
  if (refused.length > 0) throw new BadSetting(refused.join('\n'))
  return config as Config
}

/** The first of each pair is of no use without the second. */
const TOGETHER = [
  ['githubClientId', 'githubClientSecret'],
  ['githubClientSecret', 'githubClientId'],
  ['smtpUrl', 'mailFrom'],
  ['oidcIssuer', 'oidcClientId'],
  ['oidcClientId', 'oidcIssuer'],
  ['oidcClientSecret', 'oidcIssuer'],
] as const satisfies readonly (readonly [keyof Settings, keyof Settings])[]

/** Flags that are not settings: they print something and exit. */
export function asksFor(word: 'help' | 'version', args: readonly string[]): boolean {
  return args.includes(`--${word}`)
}

function readFlags(args: readonly string[]): Readonly<Record<string, string>> {
  const options: Record<string, { type: 'string' | 'boolean' }> = {}
  for (const setting of Object.values<Setting>(SETTINGS)) {
    if (setting.flag !== undefined) options[setting.flag] = { type: setting.isSwitch ? 'boolean' : 'string' }
  }
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false })
    return Object.fromEntries(Object.entries(values).map(([flag, value]) => [flag, String(value)]))
  } catch (error) {
    throw new BadSetting(`${error instanceof Error ? error.message : String(error)}\nTry --help.`)
  }
}

/** Variables with our prefix that belong to the command line or to the tests, not to the server. */
const FOREIGN = /^ORRERY_(URL|KEY|ORG|DEBUG|TEST_\w+|BENCH_\w+)$/

/** Variables that look like settings but are not: usually a misspelt name, which would otherwise be ignored silently. */
export function unknownSettings(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const known = new Set<string>(Object.values<Setting>(SETTINGS).map((setting) => setting.env))
  return Object.keys(env).filter((name) => name.startsWith('ORRERY_') && !FOREIGN.test(name) && !known.has(name))
}

/** The table in the configuration guide, as Markdown. */
export function describeSettings(): string {
  const rows = Object.values<Setting>(SETTINGS).map((setting) => {
    const flag = setting.flag === undefined ? '' : `\`--${setting.flag}\``
    return `| \`${setting.env}\` | ${flag} | ${setting.default} | ${setting.help} Expects ${setting.expected}. |`
  })
  return ['| variable | flag | default | meaning |', '|---|---|---|---|', ...rows].join('\n')
}
