import vm from 'node:vm'
import { type Node, parse } from 'acorn'

/** The file in the stacks of workflow code. */
export const BUNDLE_FILE = 'workflow-bundle.js'

const compiled = new Map<string, { readonly script: vm.Script; readonly inserts: readonly Insert[] }>()
/** Few versions are in use at once. The bound keeps a process that sees hundreds of deploys from growing. */
const SCRIPTS_MAX = 64

/** Compiles each text once per process. Throws a SyntaxError for code that could escape the sandbox or its scheduler. */
export function compileBundle(code: string): vm.Script {
  const known = compiled.get(code)
  if (known !== undefined) return known.script
  const inserts = findInserts(code)
  const script = new vm.Script(meter(code, inserts), { filename: BUNDLE_FILE })
  const [oldest] = compiled.keys()
  if (compiled.size >= SCRIPTS_MAX && oldest !== undefined) compiled.delete(oldest)
  compiled.set(code, { script, inserts })
  return script
}

/**
 * Iterations that all loops together may make in one call. An empty loop of that length takes tenths of a second, far more than workflow
 * code needs.
 */
export const FUEL = 20_000_000

const CHECK = 'if(--__orreryFuel<0)__orreryOut();'
const LOOPS: ReadonlySet<string> = new Set(['ForStatement', 'ForInStatement', 'ForOfStatement', 'WhileStatement', 'DoWhileStatement'])

/**
 * Adds a counter to every loop, so that an endless loop is stopped without a watchdog thread (which costs 0.2 ms a call).
 * Invariant: `import()` would hand the host's promises and errors to workflow code, and through them its Function and its process. An async
 * function would make a promise that the bundle's own scheduler does not see. The builder emits neither; bundle text that contains one is
 * rejected.
 */
function meter(code: string, inserts: readonly Insert[]): string {
  let metered = ''
  let from = 0
  for (const { at, text } of inserts) {
    metered += code.slice(from, at) + text
    from = at
  }
  return metered + code.slice(from)
}

interface Insert {
  /** Offset in the text that was given. */
  readonly at: number
  readonly text: string
}

/** What is added to the text of a bundle, in the order of the offsets. Never a line break. */
export function insertsOf(code: string): readonly Insert[] {
  return compiled.get(code)?.inserts ?? findInserts(code)
}

function findInserts(code: string): readonly Insert[] {
  const inserts: Insert[] = []
  visit(parse(code, { ecmaVersion: 'latest', sourceType: 'script' }), (node) => {
    if (node.type === 'ImportExpression') throw new SyntaxError('workflow code may not use import(); import at the top of the module')
    if ('async' in node && node.async === true)
      throw new SyntaxError('a workflow bundle must not hold async functions; build it with buildBundle')
    if (!LOOPS.has(node.type)) return
    const { body } = node as Node & { body: Node }
    if (body.type === 'BlockStatement') inserts.push({ at: body.start + 1, text: CHECK })
    else inserts.push({ at: body.start, text: `{${CHECK}` }, { at: body.end, text: '}' })
  })
  // At the same offset, the closing braces of one-line bodies come before the text that starts there. The sort is stable.
  return inserts.sort((a, b) => a.at - b.at || (a.text === '}' ? -1 : 0) - (b.text === '}' ? -1 : 0))
}

function visit(node: Node, each: (node: Node) => void): void {
  const stack: Node[] = [node]
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    each(at)
    for (const value of Object.values(at)) {
      for (const item of Array.isArray(value) ? value : [value]) if (isNode(item)) stack.push(item)
    }
  }
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
