import { type AnyNode, type CallExpression, type ModuleDeclaration, type Program, parse, type Statement } from 'acorn'

/** The modules from which `step` and `txStep` are imported. */
const AUTHORING = /^@orrery\/(?:sdk|engine\/workflow)$/
type TopLevel = Statement | ModuleDeclaration

/**
 * Removes the bodies and options of `step(…)` and `txStep(…)` calls from a JavaScript module, then every top-level declaration that nothing
 * refers to any more. In a module that exports only steps, statements with side effects are removed too, because they only prepared the
 * bodies. Removed text becomes white space, so that positions do not change.
 */
export function stripSteps(source: string): string {
  if (!/@orrery\/(?:sdk|engine)/.test(source)) return source
  const program = parse(source, { ecmaVersion: 'latest', sourceType: 'module' })
  const isStepCall = findStepCalls(program)
  const cuts: [number, number][] = []
  walk(program, (node) => {
    if (node.type !== 'CallExpression' || !isStepCall(node)) return
    const [name] = node.arguments
    // Up to the closing parenthesis, which includes a trailing comma.
    if (name !== undefined && node.arguments.length > 1) cuts.push([name.end, node.end - 1])
  })
  if (cuts.length === 0) return source
  const onlySteps = exportsOnlySteps(program, isStepCall)
  dropUnused(program, cuts, onlySteps)
  return blank(source, cuts)
}

function findStepCalls(program: Program): (node: CallExpression) => boolean {
  const names = new Set<string>()
  const namespaces = new Set<string>()
  for (const node of program.body) {
    if (node.type !== 'ImportDeclaration' || !AUTHORING.test(String(node.source.value))) continue
    for (const specifier of node.specifiers) {
      if (specifier.type === 'ImportNamespaceSpecifier') namespaces.add(specifier.local.name)
      else if (specifier.type === 'ImportSpecifier' && isStepName(nameOf(specifier.imported))) names.add(specifier.local.name)
    }
  }
  return ({ callee }) =>
    (callee.type === 'Identifier' && names.has(callee.name)) ||
    (callee.type === 'MemberExpression' &&
      callee.object.type === 'Identifier' &&
      namespaces.has(callee.object.name) &&
      callee.property.type === 'Identifier' &&
      isStepName(callee.property.name))
}

const isStepName = (name: string): boolean => name === 'step' || name === 'txStep'
const nameOf = (node: AnyNode): string => (node.type === 'Identifier' ? node.name : node.type === 'Literal' ? String(node.value) : '')

/** esbuild prints `const a = …` with one `export { a, b }` at the end, or `export default`. */
function exportsOnlySteps(program: Program, isStepCall: (node: CallExpression) => boolean): boolean {
  const steps = new Set<string>()
  const exported: string[] = []
  for (const node of program.body) {
    const declaration = node.type === 'ExportNamedDeclaration' && node.declaration ? node.declaration : node
    if (declaration.type === 'VariableDeclaration') {
      for (const { id, init } of declaration.declarations) {
        if (id.type !== 'Identifier') continue
        if (init?.type === 'CallExpression' && isStepCall(init)) steps.add(id.name)
        if (declaration !== node) exported.push(id.name)
      }
    } else if (node.type === 'ExportNamedDeclaration') {
      if (node.source || node.declaration) return false
      exported.push(...node.specifiers.map(({ local }) => nameOf(local)))
    } else if (node.type === 'ExportDefaultDeclaration' || node.type === 'ExportAllDeclaration') return false
  }
  return exported.length > 0 && exported.every((name) => steps.has(name))
}

/** Repeats until nothing changes: removing a declaration can leave others unused. */
function dropUnused(program: Program, cuts: [number, number][], onlySteps: boolean): void {
  const left = new Set<TopLevel>(program.body)
  const drop = (node: TopLevel): void => {
    left.delete(node)
    cuts.push([node.start, node.end])
  }
  if (onlySteps) for (const node of left) if (!/^(?:Import|Export|Variable|Function|Class)/.test(node.type)) drop(node)
  for (let changed = true; changed; ) {
    changed = false
    for (const node of left) {
      const names = declaredNames(node)
      if (names === null || names.some((name) => isUsed(name, node, left, cuts))) continue
      drop(node)
      changed = true
    }
  }
}

/** The names that a removable declaration binds. Null for any other node. */
function declaredNames(node: TopLevel): string[] | null {
  switch (node.type) {
    case 'VariableDeclaration':
      return node.declarations.flatMap(({ id }) => identifiers(id))
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return [node.id.name]
    case 'ImportDeclaration':
      return node.specifiers.map(({ local }) => local.name)
    default:
      return null
  }
}

/** Compares names only. A shadowed name counts as a use, so this keeps too much rather than too little. */
function isUsed(name: string, declaration: TopLevel, left: ReadonlySet<TopLevel>, cuts: readonly [number, number][]): boolean {
  for (const node of left) {
    if (node === declaration) continue
    let found = false
    walk(node, (at) => {
      if (at.type === 'Identifier' && at.name === name && !cuts.some(([start, end]) => at.start >= start && at.end <= end)) found = true
    })
    if (found) return true
  }
  return false
}

function identifiers(node: AnyNode): string[] {
  const names: string[] = []
  walk(node, (at) => {
    if (at.type === 'Identifier') names.push(at.name)
  })
  return names
}

function blank(source: string, cuts: readonly [number, number][]): string {
  let text = source
  for (const [start, end] of cuts) text = text.slice(0, start) + text.slice(start, end).replace(/[^\n]/g, ' ') + text.slice(end)
  return text
}

function walk(node: AnyNode, each: (node: AnyNode) => void): void {
  each(node)
  for (const value of Object.values(node)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (typeof item === 'object' && item !== null && 'type' in item && typeof item.type === 'string') walk(item as AnyNode, each)
    }
  }
}
