import { KNOWN_MAX } from '../expression/suggest.ts'
import { nameKinds } from '../expression/values.ts'
import type { Setting, Standing } from './setting.ts'
import { ANYTHING, kindsIn, type ObjectForm, type Shape, unite } from './shape.ts'

const NAMED_MAX = 12

/** What a member is, and a report if there can be none of that name. */
export function readMember(name: string, { current, isHead }: Standing, setting: Setting): Shape {
  const objects = current.filter((form) => form.kind === 'object')
  const declared = objects.flatMap(({ members }) => members.get(name) ?? [])
  const open = objects.filter(({ members, others }) => !members.has(name) && others !== null)
  if (declared.length > 0) return unite([...declared.map((shape) => shape()), ...othersOf(open)])
  if (current === setting.root) return complain(setting, explainName(name, objects, setting))
  if (current === setting.steps) return complain(setting, setting.explainStep(name))
  if (isHead && (name === 'params' || name === 'steps')) {
    return complain(setting, `in brackets and after & names are those of the element; write $.${name} (or @.${name} for its own)`)
  }
  if (current.length === 0) return ANYTHING
  if (objects.length === 0) return complain(setting, `${name} is read from ${nameKinds(kindsIn(current))}, which has no members`)
  const known = namesIn(objects)
  if (open.length === 0) return complain(setting, `there is no ${name}${setting.suggest(name, known)}${list(known)}`)
  if (known.length > 0) {
    setting.report('warning', `${name} is not among the members that are declared${setting.suggest(name, known)}${list(known)}`)
  }
  return unite(othersOf(open))
}

function othersOf(objects: readonly ObjectForm[]): Shape[] {
  return objects.flatMap(({ others }) => (others === null ? [] : [others()]))
}

function complain(setting: Setting, message: string): Shape {
  setting.report('error', message)
  return ANYTHING
}

function explainName(name: string, objects: readonly ObjectForm[], { suggest }: Setting): string {
  return `there is nothing called ${name}${suggest(name, namesIn(objects))} (a text stands in single quotes: '${name}')`
}

/** As many as are of use to somebody who looks for one. */
function namesIn(objects: readonly ObjectForm[]): string[] {
  const names: string[] = []
  for (const { members } of objects) {
    for (const name of members.keys()) {
      if (names.length >= KNOWN_MAX) return names
      names.push(name)
    }
  }
  return names
}

function list(names: readonly string[]): string {
  if (names.length === 0) return ''
  return ` (${names.slice(0, NAMED_MAX).join(', ')}${names.length > NAMED_MAX ? ' …' : ''})`
}
