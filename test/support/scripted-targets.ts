// Targets that answer by a script: the n-th request of each asker for a path gets the n-th answer.
import { createServer, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { type LocalServer, listenLocally } from './local-server.ts'

/** One answer of a target. */
export interface ScriptedAnswer {
  readonly body: string | Buffer
  readonly status?: number
  /** Null: none is sent. */
  readonly contentType?: string | null
  readonly headers?: Readonly<Record<string, string>>
  readonly gzip?: boolean
  /** Written as it is, head included; the connection is closed then. */
  readonly raw?: string
  /** What comes before the answer. */
  readonly delayMs?: number
}

const TEXT = 'text/plain; version=0.0.4'

/** Serves `scripts` by path; the last answer of a script is repeated. Askers are told apart by their User-Agent. */
export async function startScriptedTargets(scripts: ReadonlyMap<string, readonly ScriptedAnswer[]>): Promise<LocalServer> {
  const asked = new Map<string, number>()
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0]
    const script = scripts.get(path)
    if (script === undefined) return response.writeHead(404).end()
    const key = `${request.headers['user-agent']} ${path}`
    const count = asked.get(key) ?? 0
    asked.set(key, count + 1)
    const answer = script[Math.min(count, script.length - 1)]
    setTimeout(() => send(response, answer), answer.delayMs ?? 0)
    return undefined
  })
  return listenLocally(server)
}

function send(response: ServerResponse, { body, status = 200, contentType = TEXT, headers = {}, gzip = false, raw }: ScriptedAnswer): void {
  if (raw !== undefined) {
    const socket = response.socket as Socket
    socket.end(raw)
    return
  }
  const bytes = gzip ? gzipSync(body) : body
  response.writeHead(status, {
    ...(contentType === null ? {} : { 'content-type': contentType }),
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
    ...headers,
  })
  response.end(bytes)
}
