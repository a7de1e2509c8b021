import { Agent, request as undiciRequest } from 'undici'
import type { HttpRequest, HttpStream, TlsOptions } from '../env.ts'

/** Sends a request; resolves with the head of the answer, whose body is still to come. */
export async function openStream(request: HttpRequest): Promise<HttpStream> {
  const timeout = request.timeoutMs ?? 30_000
  const response = await undiciRequest(request.url, {
    method: (request.method ?? 'GET') as 'GET',
    headers: request.headers,
    body: request.body,
    signal: request.signal,
    headersTimeout: timeout,
    bodyTimeout: timeout,
    dispatcher: clientAgent(request.tls ?? NO_TLS),
  })
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(response.headers)) headers[name] = Array.isArray(value) ? value.join(', ') : (value ?? '')
  return { status: response.statusCode, headers, body: response.body }
}

const NO_TLS: TlsOptions = {}
const agents = new WeakMap<TlsOptions, Agent>()

function clientAgent(tls: TlsOptions): Agent {
  let agent = agents.get(tls)
  if (agent === undefined) {
    agent = new Agent({ connect: { ...tls, timeout: 10_000 } as Agent.Options['connect'] })
    agents.set(tls, agent)
  }
  return agent
}
