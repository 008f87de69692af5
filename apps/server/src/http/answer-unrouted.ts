import { problem } from '@orrery/contract'
import type { Hono } from 'hono'
import { answerProblem } from './answer-problem.ts'
import type { ServerContext, ServerEnv } from './request-info.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** Answers requests that match no route: 405 with `Allow` if the path takes other methods (RFC 9110 15.5.6), otherwise 404. */
export function answerUnrouted(app: Hono<ServerEnv>): (context: ServerContext) => Response {
  return (context) => {
    const { method, path } = context.req
    const { requestId } = context.var.info
    const asked = method === 'HEAD' ? 'GET' : method
    const allowed = METHODS.filter((one) => app.router.match(one, path)[0].some(([[, route]]) => route.method === one))
    // A route with this method may exist and have called `next()`: then nothing is there.
    if (allowed.length === 0 || allowed.some((one) => one === asked)) {
      return answerProblem(context, problem('not_found', `There is nothing at ${path}.`).toProblem(requestId, path))
    }
    const allow = [...allowed, ...(allowed.includes('GET') ? ['HEAD'] : [])].join(', ')
    const shown = problem('method_not_allowed', `This address accepts ${allow}, not ${method}.`)
    return answerProblem(context, shown.toProblem(requestId, path), { Allow: allow })
  }
}
