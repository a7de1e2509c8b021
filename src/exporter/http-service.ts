import { type Address, formatAddress, listenFault } from '../base/address.ts'
import type { Env, HttpHandler, HttpListener } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { Service } from '../base/service.ts'

const CLOSE_GRACE_MS = 2_000

/** Serves the exporter's pages at all of its addresses, or, when one of them cannot be had, at none. */
export function exporterHttpService(env: Env, addresses: readonly Address[], handler: HttpHandler): Service {
  return {
    name: 'http server',
    async run(signal, ready) {
      const listeners: HttpListener[] = []
      try {
        for (const address of addresses) listeners.push(await listen(env, address, handler))
        ready()
        await new Promise<void>((resolve) => {
          if (signal.aborted) resolve()
          else signal.addEventListener('abort', () => resolve(), { once: true })
        })
      } finally {
        await Promise.all(listeners.map((listener) => listener.close(CLOSE_GRACE_MS)))
      }
    },
  }
}

async function listen(env: Env, address: Address, handler: HttpHandler): Promise<HttpListener> {
  try {
    const listener = await env.http.listen(address, handler)
    env.log.info('listening', { address: formatAddress(listener), role: 'exporter' })
    return listener
  } catch (cause) {
    throw new Error(`listen on ${formatAddress(address)} (exporter, --web.listen-address): ${listenFault(cause) ?? errorMessage(cause)}`)
  }
}
