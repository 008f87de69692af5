import vm from 'node:vm'
import type { Activation, Manifest, Reaction } from '../workflow/protocol.ts'
import type { Issue } from '../workflow/standard-schema.ts'
import { compileBundle, FUEL } from './compile-bundle.ts'

export interface SandboxOptions {
  /**
   * Limit for loading the modules and for validators, which see untrusted input (a regular expression can run forever). A call under this
   * guard costs 0.2 ms. Activations do without it, because every loop counts its iterations.
   */
  readonly timeoutMs: number
}

export interface Sandbox {
  /**
   * Delivers activations in order and returns one reaction for each, at the same index. Throws SandboxStuck when workflow code does not
   * return.
   */
  activate(batch: readonly Activation[]): readonly Reaction[]
  /** The same with JSON text in and out, for a host that has the payloads as text. */
  activateText(batch: string): string
  /**
   * Runs the workflows' own validators on inputs given as JSON text, and returns their issues. Null where the bundle has no such workflow.
   */
  validateInputs(batch: readonly (readonly [workflow: string, input: string])[]): readonly (readonly Issue[] | null)[]
  describe(): Manifest
  /** Drops all runs in it. Any later call throws SandboxGone. */
  dispose(): void
}

/**
 * Workflow code ran too long without returning control. The sandbox is unusable from then on: its other runs must be replayed in a new one.
 */
export class SandboxStuck extends Error {
  override readonly name = 'SandboxStuck'
  readonly run: string

  constructor(run: string) {
    super(`workflow code of run ${run} did not return control; is there an endless loop?`)
    this.run = run
  }
}

/** An earlier call made the sandbox unusable, or it was disposed of. */
export class SandboxGone extends Error {
  override readonly name = 'SandboxGone'
}

/** Longer than every id. What names the run is the bundle's own code. */
const RUN_CHARS_MAX = 100

const FACE = ['describe', 'activate', 'validateInputs'] as const
type Face = (typeof FACE)[number]

// `__io` holds the arguments. The value of a call is its result, so the host reads from no object that workflow code could have prepared.
const SCRIPTS = Object.fromEntries(
  FACE.map((name) => [name, new vm.Script(`__orreryFuel = ${FUEL}; __orrery.${name}(__io.text)`)]),
) as Record<Face, vm.Script>
const WHERE = new vm.Script("typeof __orrery === 'undefined' ? '' : __orrery.currentRun()")
const SPENT = new vm.Script('__orreryFuel < 0')
const PREPARE = new vm.Script(`let __orreryFuel = ${FUEL}; function __orreryOut() { throw new RangeError('endless loop') }
for (const name of ['FinalizationRegistry', 'WeakRef', 'SharedArrayBuffer', 'Atomics', 'WebAssembly']) delete globalThis[name]
Object.defineProperty(globalThis, '__io', { value: { __proto__: null, text: '' } }); __io`)
const CLOSE = new vm.Script('Object.freeze(globalThis); 0')

/**
 * Runs a workflow bundle in a `node:vm` context of its own.
 *
 * Guaranteed: no object of the host is passed to code inside, and code cannot be made from strings or imported. Time, randomness, time zone and
 * locale are the run's own on any machine, and each run of a batch sees only its own clock. Globals and exported plain data are frozen once
 * the modules are loaded.
 *
 * Not guaranteed: the runs of a sandbox share the variables inside a module. A run that writes to one makes other runs depend on it, and
 * only the comparison of commands at replay notices that. This is a realm boundary and a guard against mistakes: the errors that Node.js
 * throws when the stack is full while it formats another belong to the host's realm, and lead to its `Function`. Memory belongs to the
 * process. So untrusted code needs a process of its own, in which that realm can make no code: see `containBundles`.
 */
export function createSandbox(code: string, options: SandboxOptions): Sandbox {
  const { timeoutMs } = options
  let context: vm.Context | null = vm.createContext(vm.constants.DONT_CONTEXTIFY, {
    codeGeneration: { strings: false, wasm: false },
    name: 'orrery workflow bundle',
    // Bundles have promises of their own. What a bundle that was not built by us queues runs before its call returns, or never.
    microtaskMode: 'afterEvaluate',
  })
  const io = PREPARE.runInContext(context) as { text: string }
  const guard = { timeout: timeoutMs }

  const enter = (script: vm.Script): unknown => {
    if (context === null) throw new SandboxGone('the sandbox is gone')
    try {
      return script === SCRIPTS.activate ? script.runInContext(context) : script.runInContext(context, guard)
    } catch (error) {
      if (!isTimeout(error) && SPENT.runInContext(context) !== true) throw translate(error)
      const run = String(WHERE.runInContext(context, { timeout: 1000 })).slice(0, RUN_CHARS_MAX)
      context = null
      throw new SandboxStuck(run === '' ? '(none: while the modules were loaded)' : run)
    }
  }
  const call = (name: Face, text = ''): string => {
    io.text = text
    const result = enter(SCRIPTS[name])
    if (typeof result !== 'string') throw new TypeError(`__orrery.${name} of the bundle returned ${typeof result}`)
    return result
  }

  enter(compileBundle(code))
  enter(CLOSE)
  return {
    activate: (batch) => JSON.parse(call('activate', JSON.stringify(batch))),
    activateText: (batch) => call('activate', batch),
    validateInputs: (batch) =>
      JSON.parse(call('validateInputs', `[${batch.map(([name, input]) => `[${JSON.stringify(name)},${input}]`).join(',')}]`)),
    describe: () => JSON.parse(call('describe')),
    dispose: () => {
      context = null
    },
  }
}

/** Checks the code and not the class, because the error is made in the context's realm. */
function isTimeout(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
}

/** Only the text of an error from the other realm is passed to the host, never the object. */
function translate(error: unknown): Error {
  if (error instanceof Error) return error
  const { name, message, stack } = (typeof error === 'object' && error !== null ? error : { message: String(error) }) as Partial<Error>
  const own = new Error(`workflow bundle: ${typeof name === 'string' ? name : 'Error'}: ${typeof message === 'string' ? message : ''}`)
  if (typeof stack === 'string') own.stack = `${own.message}\n${stack.split('\n').slice(1).join('\n')}`
  return own
}
