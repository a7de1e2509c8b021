/** Where an instance listens. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** A file that an instance is started with; written before it starts. */
export interface GeneratedFile {
  readonly path: string
  readonly text: string
}

/** One process of a fleet. */
export interface Instance {
  /** Unique in its fleet: `exporter`, `a`. */
  readonly name: string
  /** The command that starts it: `server`. */
  readonly role: string
  readonly address: Address
  /** Arguments after the role. */
  readonly args: readonly string[]
  /** What it keeps over restarts; undefined when it keeps nothing. */
  readonly dataDir: string | undefined
  readonly files: readonly GeneratedFile[]
}

/** What shall run. Instances start in this order and stop in the reverse one. */
export interface Fleet {
  readonly instances: readonly Instance[]
}

/** The address under which an instance is reached from its own machine: a wildcard listens on the loopback interface too. */
export function reachable({ host, port }: Address): Address {
  if (host === '0.0.0.0') return { host: '127.0.0.1', port }
  return host === '::' ? { host: '::1', port } : { host, port }
}

/** `host:port`, an IPv6 host in brackets. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

export function urlOf(instance: Instance): string {
  return `http://${formatAddress(reachable(instance.address))}`
}
