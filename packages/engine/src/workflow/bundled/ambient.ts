import { toJson } from '../json.ts'
import { logTo, refuseInQuery } from '../machine-run.ts'
import { createSeededRandom } from '../seeded-random.ts'
import { currentScope } from './async-context.ts'
import { installUtcDate } from './utc-date.ts'

/** No run is current while modules are loaded. The clock then reads 0 and randomness has this fixed seed on every machine. */
const loading = createSeededRandom('orrery: module level')

const ABSENT: Readonly<Record<string, string>> = {
  setTimeout: "use await ctx.sleep('30s')",
  setInterval: "loop with await ctx.sleep('30s')",
  setImmediate: 'await a command of ctx',
  clearTimeout: 'use ctx.race or ctx.scope',
  clearInterval: 'use ctx.race or ctx.scope',
  clearImmediate: 'use ctx.race or ctx.scope',
  fetch: 'do it in a step',
  require: 'do it in a step',
  process: 'pass what is needed as input or read it in a step',
  Buffer: 'do it in a step',
  crypto: 'use ctx.uuid() or ctx.random(), or do it in a step',
  performance: 'use ctx.now(), or measure in a step',
  WeakRef: 'garbage collection is not deterministic',
  FinalizationRegistry: 'garbage collection is not deterministic',
  SharedArrayBuffer: 'do it in a step',
  Atomics: 'do it in a step',
  WebAssembly: 'do it in a step',
}

/** Replaces every global that would show a workflow the real time, real randomness or the machine it runs on. */
export function installAmbient(): void {
  installUtcDate(() => currentScope()?.run.at ?? 0)
  define(Math, 'random', () => {
    const run = currentScope()?.run
    if (run !== undefined) refuseInQuery(run, 'Math.random')
    return (run?.random ?? loading).next()
  })
  define(globalThis, 'console', makeConsole())
  for (const [name, instead] of Object.entries(ABSENT)) refuse(globalThis, name, instead)
  // It would create native promises, which nothing here drains.
  refuse(Array, 'fromAsync', 'use ctx.all')
  for (const name of ['Temporal', 'eval', 'escape', 'unescape', 'AsyncDisposableStack']) Reflect.deleteProperty(globalThis, name)
  const localeCompare = String.prototype.localeCompare
  define(String.prototype, 'localeCompare', function (this: string, that: string, locales?: string, options?: Intl.CollatorOptions) {
    return localeCompare.call(this, that, locales ?? 'en-US', options)
  })
  const formatNumber = Number.prototype.toLocaleString
  define(Number.prototype, 'toLocaleString', function (this: number, locales?: string, options?: Intl.NumberFormatOptions) {
    return formatNumber.call(this, locales ?? 'en-US', options)
  })
}

function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false })
}

/** `typeof fetch` must not throw, because libraries test for it first. Using it must throw. */
function refuse(target: object, name: string, instead: string): void {
  const fail = (): never => {
    throw new Error(`workflow code may not use ${name}: ${instead}`)
  }
  if (name.startsWith('set') || name.startsWith('clear') || name === 'fetch' || name === 'require' || name === 'fromAsync')
    define(target, name, fail)
  else if (/^[A-Z]/.test(name)) Reflect.deleteProperty(target, name)
  else define(target, name, undefined)
}

function makeConsole(): object {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (...parts: unknown[]): void => {
      const run = currentScope()?.run
      const text = (part: unknown): string => (typeof part === 'string' ? part : JSON.stringify(toJson(part, 'a console argument')))
      if (run !== undefined) logTo(run, level, parts.map(text).join(' '), null)
    }
  const info = at('info')
  return { debug: at('debug'), log: info, info, warn: at('warn'), error: at('error'), trace: at('debug') }
}
