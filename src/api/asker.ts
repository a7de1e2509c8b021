import type { RouteRequest } from '../base/http-routes.ts'
import type { Asker } from './reads/read.ts'

/** Who sent a request. */
export function askerOf(request: RouteRequest): Asker {
  const { signal, method, path, remoteAddress, headers } = request
  return { signal, client: { address: remoteAddress, userAgent: headers['user-agent'] ?? '', method, path } }
}
