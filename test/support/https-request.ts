// What a server with TLS answers, seen from outside.
import { type RequestOptions, request } from 'node:https'

export interface HttpsAnswer {
  /** undefined: the connection came to nothing. */
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** GET on a connection of its own; `options` may hold certificates and credentials. */
export function httpsGet(url: string, options: RequestOptions = {}): Promise<HttpsAnswer> {
  return new Promise((resolve) => {
    const failed = () => resolve({ status: undefined, headers: {}, body: '' })
    const asked = request(url, { agent: false, ...options }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', failed)
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts).toString() }))
    })
    asked.on('error', failed)
    asked.end()
  })
}
