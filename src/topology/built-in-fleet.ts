import { type Address, formatAddress, reachable } from '../base/address.ts'
import type { Fleet, Instance } from './fleet.ts'

/** Instances of the built-in fleet, in the order in which they start, with the ports they have unless told otherwise. */
export const BUILT_IN: readonly { readonly name: string; readonly role: string; readonly port: number }[] = [
  { name: 'exporter', role: 'exporter', port: 9100 },
  { name: 'a', role: 'server', port: 9090 },
  { name: 'b', role: 'server', port: 9091 },
]

export interface BuiltInFleetOptions {
  readonly dataDir: string
  /** By name of the instance; one for each of `BUILT_IN`. */
  readonly addresses: ReadonlyMap<string, Address>
  /** What the instances log at least. */
  readonly logLevel: string
}

/** This machine, monitored by two replicas that also scrape each other and themselves. */
export function builtInFleet({ dataDir, addresses, logLevel }: BuiltInFleetOptions): Fleet {
  const instances = BUILT_IN.map(({ name, role }): Instance => {
    const address = addresses.get(name)
    if (address === undefined) throw new Error(`instance ${name}: found no address`)
    const common = [`--web.listen-address=${formatAddress(address)}`, `--log.level=${logLevel}`]
    if (role !== 'server') return { name, role, address, args: common, dataDir: undefined, files: [] }
    const own = `${dataDir}/${name}`
    const config = { path: `${own}/prometheus.yml`, text: replicaConfig(name, addresses) }
    return {
      name,
      role,
      address,
      args: [`--config.file=${config.path}`, `--storage.tsdb.path=${own}`, ...common],
      dataDir: own,
      files: [config],
    }
  })
  return { instances }
}

/** prometheus.yml of one replica. Both differ in the external label only: that is what makes them replicas. */
export function replicaConfig(replica: string, addresses: ReadonlyMap<string, Address>): string {
  const jobs = [...new Set(BUILT_IN.map(({ role }) => role))].map((role) => {
    const targets = BUILT_IN.filter((instance) => instance.role === role).map(({ name }) => addresses.get(name)!)
    const lines = targets.map((address) => `          - '${formatAddress(reachable(address))}'`)
    return `  - job_name: ${role}\n    static_configs:\n      - targets:\n${lines.join('\n')}\n`
  })
  return `# Written by \`promontory up\` at every start: what is changed here is lost at the next one.
# To keep a changed one, copy it and start \`promontory server --config.file=COPY\`.
global:
  scrape_interval: 2s
  scrape_timeout: 2s
  external_labels:
    replica: ${replica}

# What tells the replicas apart is not on their alerts: an Alertmanager takes those of both for the same.
alerting:
  alert_relabel_configs:
    - regex: replica
      action: labeldrop

scrape_configs:
${jobs.join('\n')}`
}
