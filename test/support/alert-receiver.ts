// What an Alertmanager would be sent, recorded.
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { type LocalServer, listenLocally } from './local-server.ts'

export interface ReceivedAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
  readonly generatorURL: string
}

export interface ReceivedPost {
  /** Unix ms. */
  readonly time: number
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly alerts: readonly ReceivedAlert[]
}

export interface AlertReceiver extends LocalServer {
  readonly posts: readonly ReceivedPost[]
}

export async function startAlertReceiver(): Promise<AlertReceiver> {
  const posts: ReceivedPost[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    posts.push({ time: Date.now(), url: request.url ?? '', headers: request.headers, alerts: JSON.parse(body) })
    response.end()
  })
  return { ...(await listenLocally(server)), posts }
}
