import { problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'

/** The person (a UUID) who has logged in. @throws forbidden for keys, tokens and programs that act for a person */
export function requirePerson(ctx: Ctx): string {
  if (ctx.login === null) throw problem('forbidden', 'This is for people: log in, in a browser.')
  return ctx.login.person
}
