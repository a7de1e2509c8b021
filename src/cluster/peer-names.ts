import { formatAddress, parseAddress } from '../base/address.ts'
import { type Env, type NetworkAddress, sleep } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { isAddress } from '../base/ip-address.ts'
import { ipBytes, ipText } from './ip-bytes.ts'

export interface ResolveOptions {
  /** `HOST:PORT`. */
  readonly peers: readonly string[]
  /** Asks again until each name has an address, for so long at most; 0: asks once. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Source: Alertmanager cluster/cluster.go, resolvePeers. */
const RETRY_MS = 2000

/** The addresses behind the names of peers, each once. A name without any is left out, and said. */
export async function resolvePeers(env: Pick<Env, 'dns' | 'clock' | 'log'>, options: ResolveOptions): Promise<NetworkAddress[]> {
  const { peers, timeoutMs, signal } = options
  const deadline = env.clock.monotonic() + timeoutMs
  const found = await Promise.all(
    peers.map(async (peer) => {
      const { host, port } = parseAddress(peer)
      if (isAddress(host)) return [{ host: canonical(host), port }]
      for (;;) {
        try {
          const addresses = await env.dns.lookup(host)
          if (addresses.length > 0) return addresses.map((address) => ({ host: canonical(address), port }))
        } catch (error) {
          env.log.debug('resolve cluster peer', { peer, error: errorMessage(error) })
        }
        if (signal.aborted || env.clock.monotonic() + RETRY_MS > deadline) {
          if (timeoutMs > 0) env.log.warn('cluster peer has no address', { peer })
          return []
        }
        await sleep(env.clock, RETRY_MS, signal)
      }
    }),
  )
  return [...new Map(found.flat().map((address) => [formatAddress(address), address])).values()]
}

/** As members' addresses are written, by which those are known who are members already; an address with a zone stays as it is. */
function canonical(address: string): string {
  const bytes = address.includes('%') ? undefined : ipBytes(address)
  return bytes === undefined ? address : ipText(bytes)
}
