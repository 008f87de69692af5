import vm from 'node:vm'
import { type Node, parse } from 'acorn'

const compiled = new Map<string, vm.Script>()
/** Versions in use at once are few; the bound only keeps a process that sees hundreds of deploys from growing. */
const MAX_KEPT = 64

/** Compiles once per process. Throws a SyntaxError for code that could leave the sandbox or its scheduling. */
export function compileBundle(code: string): vm.Script {
  const known = compiled.get(code)
  if (known !== undefined) return known
  const script = new vm.Script(meter(code), { filename: 'workflow-bundle.js' })
  const [oldest] = compiled.keys()
  if (compiled.size >= MAX_KEPT && oldest !== undefined) compiled.delete(oldest)
  compiled.set(code, script)
  return script
}

/** How many rounds all loops together may make in one call: tenths of a second of doing nothing, far more than workflow code has to do. */
export const FUEL = 20_000_000

const CHECK = 'if(--__orreryFuel<0)__orreryOut();'
const LOOPS: ReadonlySet<string> = new Set(['ForStatement', 'ForInStatement', 'ForOfStatement', 'WhileStatement', 'DoWhileStatement'])

/**
 * Puts a count into every loop, so that one that does not end is stopped without a watching thread (which costs 0.2 ms a call).
 * Invariant: `import()` would hand the host's promises and errors to workflow code, and from those its Function and its process; an async
 * function would make a promise that the bundle's own scheduler does not see. The builder emits neither; text from elsewhere is refused.
 */
function meter(code: string): string {
  const inserts: { readonly at: number; readonly text: string }[] = []
  visit(parse(code, { ecmaVersion: 'latest', sourceType: 'script' }), (node) => {
    if (node.type === 'ImportExpression') throw new SyntaxError('workflow code may not use import(); import at the top of the module')
    if ('async' in node && node.async === true)
      throw new SyntaxError('a workflow bundle must not hold async functions; build it with buildBundle')
    if (!LOOPS.has(node.type)) return
    const { body } = node as Node & { body: Node }
    if (body.type === 'BlockStatement') inserts.push({ at: body.start + 1, text: CHECK })
    else inserts.push({ at: body.start, text: `{${CHECK}` }, { at: body.end, text: '}' })
  })
  // Closing braces of one-line bodies come before what starts at the same place; the sort keeps their order.
  inserts.sort((a, b) => a.at - b.at || (a.text === '}' ? -1 : 0) - (b.text === '}' ? -1 : 0))
  let metered = ''
  let from = 0
  for (const { at, text } of inserts) {
    metered += code.slice(from, at) + text
    from = at
  }
  return metered + code.slice(from)
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
