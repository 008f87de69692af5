import vm from 'node:vm'
import { type Node, parse } from 'acorn'

const compiled = new Map<string, vm.Script>()
/** Versions in use at once are few; the bound only keeps a process that sees hundreds of deploys from growing. */
const MAX_KEPT = 64

/** Compiles once per process. Throws a SyntaxError for code that could leave the sandbox or its scheduling. */
export function compileBundle(code: string): vm.Script {
  const known = compiled.get(code)
  if (known !== undefined) return known
  refuseForbidden(code)
  const script = new vm.Script(code, { filename: 'workflow-bundle.js' })
  const [oldest] = compiled.keys()
  if (compiled.size >= MAX_KEPT && oldest !== undefined) compiled.delete(oldest)
  compiled.set(code, script)
  return script
}

/**
 * Invariant: `import()` would hand the host's promises and errors to workflow code, and from those its Function and its process; an async
 * function would make a promise that the bundle's own scheduler does not see. The builder emits neither; text from elsewhere is checked.
 */
function refuseForbidden(code: string): void {
  if (!/\bimport\b|\basync\b|\bawait\b/.test(code)) return
  visit(parse(code, { ecmaVersion: 'latest', sourceType: 'script' }), (node) => {
    if (node.type === 'ImportExpression') throw new SyntaxError('workflow code may not use import(); import at the top of the module')
    if ('async' in node && node.async === true)
      throw new SyntaxError('a workflow bundle must not hold async functions; build it with buildBundle')
  })
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
