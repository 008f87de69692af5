// Restate: its single-binary server and its SDK over HTTP/2 on loopback. A step is one ctx.run. A start is a
// request-response call at the ingress, which answers when the completion is durable.
import * as http2 from 'node:http2'
import * as restate from '@restatedev/restate-sdk'
import { makePost } from '../post.mjs'

const answered = "the ingress' answer (the completion is durable)"

const service = restate.service({
  name: 'bench',
  handlers: {
    run: async (ctx, { steps }) => {
      let sum = 0
      for (let k = 0; k < steps; k++) sum += await ctx.run(`s${k}`, () => k)
      return sum
    },
  },
})

async function openEndpoint(admin) {
  const endpoint = http2.createServer(restate.createEndpointHandler({ services: [service] }))
  await new Promise((resolve) => endpoint.listen(0, '127.0.0.1', resolve))
  const post = makePost(admin)
  await post('/deployments', { uri: `http://127.0.0.1:${endpoint.address().port}`, force: true })
  post.close()
  return endpoint
}

export const peer = {
  name: 'Restate',
  package: '@restatedev/restate-server',
  server: 'restate',
  // No backlog: Restate pushes work to the service, so a backlog without a worker would be a storm of retries, not a queue.
  cells: { 'load-1': answered, 'load-5': answered, one: answered, across: answered },
  async open({ role, servers, steps, done }) {
    const endpoint = role === 'client' ? null : await openEndpoint(servers.restate.admin)
    const post = makePost(servers.restate.ingress)
    const start = async (i) => {
      void post('/bench/run', { steps }).then(() => done(i))
    }
    const close = async () => {
      post.close()
      endpoint?.close()
    }
    return { start, close }
  },
}
