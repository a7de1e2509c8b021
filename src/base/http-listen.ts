import { type Address, formatAddress, listenFault } from './address.ts'
import type { Env, HttpHandler, HttpListener, TlsListening } from './env.ts'
import { errorMessage } from './errors.ts'
import { type Service, untilAborted } from './service.ts'
import { guarded, type WebSettings } from './web-guard.ts'

export interface ListenOptions {
  readonly env: Env
  /** Who listens, as the error of a busy port says it. */
  readonly role: string
  /** The flag that gave the addresses. */
  readonly flag: string
  readonly addresses: readonly Address[]
  readonly connectionsMax?: number
  readonly readTimeoutMs?: number
  /** How long running requests may go on after the stop. */
  readonly graceMs: number
  /** Whom it serves, and how; asked for every connection and request. Undefined: everybody, without TLS. */
  readonly web?: () => WebSettings
  /** Told where it listens, in the order of the addresses, before it is ready. */
  onListening?(listeners: readonly HttpListener[]): void
}

/**
 * Serves a handler at all of its addresses until it is told to stop; or, when one of them cannot be had, at none.
 * A busy port is an error with address, role and flag.
 */
export function listenService(options: ListenOptions, open: HttpHandler): Service {
  const handler = options.web === undefined ? open : guarded(options.env, options.web, open)
  return {
    name: 'http server',
    async run(signal, ready) {
      const listeners: HttpListener[] = []
      try {
        for (const address of options.addresses) listeners.push(await listen(options, address, handler))
        options.onListening?.(listeners)
        ready()
        await untilAborted(signal)
      } finally {
        await Promise.all(listeners.map((listener) => listener.close(options.graceMs)))
      }
    },
  }
}

async function listen(options: ListenOptions, address: Address, handler: HttpHandler): Promise<HttpListener> {
  const { env, role, flag, connectionsMax, readTimeoutMs } = options
  const tls = tlsListening(options)
  try {
    const listener = await env.http.listen({ ...address, connectionsMax, readTimeoutMs, tls }, handler)
    env.log.info('listening', { address: formatAddress(listener), role, tls: tls !== undefined })
    return listener
  } catch (cause) {
    throw new Error(`listen on ${formatAddress(address)} (${role}, ${flag}): ${listenFault(cause) ?? errorMessage(cause)}`)
  }
}

/** Whether there is TLS is decided when listening begins; a source of settings keeps to it. */
function tlsListening({ env, web }: ListenOptions): TlsListening | undefined {
  let last = web?.().tls
  if (web === undefined || last === undefined) return undefined
  return {
    options() {
      last = web().tls ?? last
      return last!
    },
    refused: (client, reason) => env.log.info('tls connection refused', { client, reason }),
  }
}
