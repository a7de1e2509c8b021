// A token endpoint, whose answer follows from its path.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface TokenServer {
  readonly url: string
  /** What was asked, such as `/good Basic … grant_type=client_credentials`. */
  readonly requests: string[]
  close(): void
}

/** Client `id` with the secret `sesame` gets `token-N`; N counts. */
export async function startTokenServer(): Promise<TokenServer> {
  const requests: string[] = []
  let count = 0
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts).toString()
      const authorization = request.headers.authorization ?? 'nobody'
      requests.push(`${request.url} ${authorization} ${body}`)
      const form = new URLSearchParams(body)
      const basic = `Basic ${Buffer.from('id:sesame').toString('base64')}`
      const json = (status: number, value: unknown) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
      switch (request.url) {
        case '/good':
          if (authorization !== basic) return json(401, { error: 'invalid_client', error_description: 'who is that' })
          return json(200, { access_token: `token-${++count}`, token_type: 'bearer', expires_in: 3600 })
        case '/short':
          return json(200, { access_token: `token-${++count}`, expires_in: '11' })
        case '/form':
          if (form.get('client_id') !== 'id' || form.get('client_secret') !== 'sesame') return json(400, { error: 'invalid_request' })
          return json(200, { access_token: `token-${++count}`, token_type: 'MAC' })
        case '/query':
          response
            .writeHead(200, { 'content-type': 'application/x-www-form-urlencoded' })
            .end('access_token=token-q&token_type=Bearer&expires_in=3600')
          return
        case '/jwt':
          return json(form.get('assertion') ? 200 : 400, { access_token: `token-${++count}`, token_type: 'Bearer', expires_in: 3600 })
        case '/plain-error':
          response.writeHead(503, { 'content-type': 'text/html' }).end('<b>out of order</b>')
          return
        case '/no-json':
          response.writeHead(200, { 'content-type': 'application/json' }).end('no json')
          return
        case '/empty':
          return json(200, {})
        case '/error-as-success':
          return json(200, { error: 'slow_down', error_uri: 'http://why' })
        default:
          return response.writeHead(404).end()
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
