import { CANDIDATES_MAX } from '../expression/suggest.ts'
import { nameKinds } from '../expression/values.ts'
import { ANYTHING, kindsIn, type ObjectForm, type Shape, unite } from './shape.ts'
import type { ReadPosition, TypeEnvironment } from './type-environment.ts'

const NAMED_MAX = 12

/** The shape of a member. Reports a problem if no member of that name can exist. */
export function readMember(name: string, { current, isHead }: ReadPosition, environment: TypeEnvironment): Shape {
  const objects = current.filter((form) => form.kind === 'object')
  const declared = objects.flatMap(({ members }) => members.get(name) ?? [])
  const open = objects.filter(({ members, others }) => !members.has(name) && others !== null)
  if (declared.length > 0) return unite([...declared.map((shape) => shape()), ...othersOf(open)])
  if (current === environment.root) return complain(environment, explainName(name, objects, environment))
  if (current === environment.steps) return complain(environment, environment.explainStep(name))
  if (isHead && (name === 'params' || name === 'steps')) {
    return complain(
      environment,
      `in brackets and after &, names refer to the element; write $.${name} (or @.${name} for the element's own)`,
    )
  }
  if (current.length === 0) return ANYTHING
  if (objects.length === 0) return complain(environment, `${name} is read from ${nameKinds(kindsIn(current))}, which has no members`)
  const known = namesIn(objects)
  if (open.length === 0) return complain(environment, `there is no ${name}${environment.suggest(name, known)}${list(known)}`)
  if (known.length > 0) {
    environment.report('warning', `${name} is not one of the declared members${environment.suggest(name, known)}${list(known)}`)
  }
  return unite(othersOf(open))
}

function othersOf(objects: readonly ObjectForm[]): Shape[] {
  return objects.flatMap(({ others }) => (others === null ? [] : [others()]))
}

function complain(environment: TypeEnvironment, message: string): Shape {
  environment.report('error', message)
  return ANYTHING
}

function explainName(name: string, objects: readonly ObjectForm[], { suggest }: TypeEnvironment): string {
  return `there is nothing called ${name}${suggest(name, namesIn(objects))} (write a text in single quotes: '${name}')`
}

/** At most CANDIDATES_MAX names: `suggest` compares no more. */
function namesIn(objects: readonly ObjectForm[]): string[] {
  const names: string[] = []
  for (const { members } of objects) {
    for (const name of members.keys()) {
      if (names.length >= CANDIDATES_MAX) return names
      names.push(name)
    }
  }
  return names
}

function list(names: readonly string[]): string {
  if (names.length === 0) return ''
  return ` (${names.slice(0, NAMED_MAX).join(', ')}${names.length > NAMED_MAX ? ' …' : ''})`
}
