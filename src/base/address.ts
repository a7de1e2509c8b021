import { CodedError } from './errors.ts'

/** Where something listens. */
export interface Address {
  /** A name or an IP address, an IPv6 one without brackets. */
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
}

/** `HOST:PORT`, `[IPV6]:PORT` or `:PORT` (all interfaces). Throws `bad_data`. */
export function parseAddress(text: string): Address {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (digits === undefined || port > 65535) throw new CodedError('bad_data', `found "${text}", want HOST:PORT with a port up to 65535`)
  return { host: bracketed ?? (plain || '0.0.0.0'), port }
}

/** `host:port`, an IPv6 host in brackets. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** The address under which a listener is reached from its own machine: a wildcard listens on the loopback interface too. */
export function reachable({ host, port }: Address): Address {
  if (host === '0.0.0.0') return { host: '127.0.0.1', port }
  return host === '::' ? { host: '::1', port } : { host, port }
}

/** Why listening on an address was refused, in words; undefined where the error says something else. */
export function listenFault(error: unknown): string | undefined {
  switch ((error as { code?: string }).code) {
    case 'EADDRINUSE':
      return 'address already in use'
    case 'EACCES':
      return 'permission denied'
    case 'EADDRNOTAVAIL':
      return 'this machine does not have the address'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'host not found'
    default:
      return undefined
  }
}
