import { type Address, formatAddress, reachable } from '../base/address.ts'

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

export function urlOf(instance: Instance): string {
  return `http://${formatAddress(reachable(instance.address))}`
}
