import type { Json } from '@orrery/contract'
import type { Expression } from '../expression/expression.ts'
import type { Suggest } from '../expression/suggest.ts'
import { inferShape } from '../shapes/infer-shape.ts'
import { formOf, type Shape, without } from '../shapes/shape.ts'
import type { TypeEnvironment } from '../shapes/type-environment.ts'
import { type Hole, isTemplate, parseCondition, parseTemplate, wholeHole } from '../template/parse-template.ts'
import { pathTo } from '../template/render-value.ts'

/** The names and shapes that the templates of one step may read. */
export interface TextEnvironment {
  readonly root: Shape
  readonly steps: Shape
  /** Names under `steps` that may be missing, and why. */
  readonly doubts: ReadonlyMap<string, string>
  explainStep(name: string): string
  readonly suggest: Suggest
  report(severity: 'error' | 'warning', path: string, message: string): void
}

/** The shape of a text: that of its expression if it is a single `${…}`, else a text. Reports the problems in it. */
export function checkText(text: string, path: string, environment: TextEnvironment): Shape {
  const template = parseTemplate(text)
  const whole = wholeHole(template)
  if (whole !== null) return checkHole(whole, path, environment)
  for (const part of template) {
    if (typeof part !== 'object') continue
    const shape = checkHole(part, path, environment)
    if (shape.length > 0 && without(shape, 'null').length === 0) environment.report('error', path, `\${${part.source}} is always null`)
  }
  return [formOf('string')]
}

/** Checks every text inside a value. */
export function checkTexts(value: Json, path: string, environment: TextEnvironment): void {
  if (typeof value === 'string') {
    if (isTemplate(value)) checkText(value, path, environment)
  } else if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) checkTexts(item, `${path}[${at}]`, environment)
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) checkTexts(item, path + pathTo(name), environment)
  }
}

export function checkCondition(value: Json, path: string, environment: TextEnvironment): void {
  // A missing value counts as false, so it needs no warning.
  if (typeof value === 'string') checkHole({ ...parseCondition(value), optional: true }, path, environment)
}

function checkHole({ expression, source, optional }: Hole, path: string, environment: TextEnvironment): Shape {
  const said = new Set<string>()
  const inner: TypeEnvironment = {
    root: environment.root,
    steps: environment.steps,
    explainStep: environment.explainStep,
    suggest: environment.suggest,
    report: (severity, message) => {
      if (said.has(message)) return
      said.add(message)
      environment.report(severity, path, `\${${source}}: ${message}`)
    },
  }
  const shape = inferShape(expression, { current: environment.root, isHead: true }, inner)
  const doubt = optional ? undefined : environment.doubts.get(savedNameIn(expression) ?? '')
  if (doubt !== undefined) {
    inner.report('warning', `it may be missing: ${doubt}; end it with ? or write default(…) if this step is to run anyway`)
  }
  return shape
}

/** `x` of a path such as `steps.x.y[0]`; null for any other expression, which may handle a missing value itself. */
function savedNameIn(expression: Expression): string | null {
  if (expression.type === 'index') return savedNameIn(expression.of)
  if (expression.type !== 'chain' || expression.right.type !== 'field') return null
  const isSteps = expression.left.type === 'field' && expression.left.name === 'steps'
  return isSteps ? expression.right.name : savedNameIn(expression.left)
}
