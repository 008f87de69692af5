import type { Json } from '@orrery/contract'
import type { Expression } from '../expression/expression.ts'
import type { Suggest } from '../expression/suggest.ts'
import { inferShape } from '../shapes/infer-shape.ts'
import type { Setting } from '../shapes/setting.ts'
import { formOf, type Shape, without } from '../shapes/shape.ts'
import { type Hole, isTemplate, parseCondition, parseTemplate, wholeHole } from '../template/parse-template.ts'
import { pathTo } from '../template/render-value.ts'

/** What the texts of one step may read. */
export interface TextSetting {
  readonly root: Shape
  readonly steps: Shape
  /** Names under `steps` that may be missing, and why. */
  readonly doubts: ReadonlyMap<string, string>
  explainStep(name: string): string
  readonly suggest: Suggest
  report(severity: 'error' | 'warning', path: string, message: string): void
}

/** What a text becomes: of one `${…}` its shape, else a text. Reports what is wrong in it. */
export function checkText(text: string, path: string, setting: TextSetting): Shape {
  const template = parseTemplate(text)
  const whole = wholeHole(template)
  if (whole !== null) return checkHole(whole, path, setting)
  for (const part of template) {
    if (typeof part !== 'object') continue
    const shape = checkHole(part, path, setting)
    if (shape.length > 0 && without(shape, 'null').length === 0) setting.report('error', path, `\${${part.source}} is always null`)
  }
  return [formOf('string')]
}

/** All texts in a value. */
export function checkTexts(value: Json, path: string, setting: TextSetting): void {
  if (typeof value === 'string') {
    if (isTemplate(value)) checkText(value, path, setting)
  } else if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) checkTexts(item, `${path}[${at}]`, setting)
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) checkTexts(item, path + pathTo(name), setting)
  }
}

export function checkCondition(value: Json, path: string, setting: TextSetting): void {
  // A missing value counts as false, so there is nothing to doubt.
  if (typeof value === 'string') checkHole({ ...parseCondition(value), optional: true }, path, setting)
}

function checkHole({ expression, source, optional }: Hole, path: string, setting: TextSetting): Shape {
  const said = new Set<string>()
  const inner: Setting = {
    root: setting.root,
    steps: setting.steps,
    explainStep: setting.explainStep,
    suggest: setting.suggest,
    report: (severity, message) => {
      if (said.has(message)) return
      said.add(message)
      setting.report(severity, path, `\${${source}}: ${message}`)
    },
  }
  const shape = inferShape(expression, { current: setting.root, isHead: true }, inner)
  const doubt = optional ? undefined : setting.doubts.get(savedNameIn(expression) ?? '')
  if (doubt !== undefined) {
    inner.report('warning', `it may be missing, for ${doubt}; end it with ? or write default(…) if the step shall run all the same`)
  }
  return shape
}

/** `x` of a path such as `steps.x.y[0]`; null of anything else, which may have a way to live without it. */
function savedNameIn(expression: Expression): string | null {
  if (expression.type === 'index') return savedNameIn(expression.of)
  if (expression.type !== 'chain' || expression.right.type !== 'field') return null
  const isSteps = expression.left.type === 'field' && expression.left.name === 'steps'
  return isSteps ? expression.right.name : savedNameIn(expression.left)
}
