// A small HTTP client with keep-alive connections, for the peers with an HTTP API.
import http from 'node:http'

export function makePost(port, headers = {}) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 128 })
  const post = (path, body) =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path, method: 'POST', agent, headers: { 'content-type': 'application/json', ...headers } }
      const request = http.request(options, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk) => {
          text += chunk
        })
        response.on('end', () => (response.statusCode < 300 ? resolve(text) : reject(new Error(`${path}: ${response.statusCode} ${text}`))))
      })
      request.on('error', reject)
      request.end(JSON.stringify(body))
    })
  post.close = () => agent.destroy()
  return post
}
