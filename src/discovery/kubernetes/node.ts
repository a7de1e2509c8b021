import { formatAddress } from '../../base/address.ts'
import { labelName } from '../label-name.ts'
import { ADDRESS_LABEL } from '../static.ts'
import { type LabelRecord, metaLabels, PREFIX } from './meta-labels.ts'
import type { Role } from './role.ts'

// Source: Prometheus discovery/kubernetes/node.go.

const ADDRESS_TYPES = ['InternalIP', 'InternalDNS', 'ExternalIP', 'ExternalDNS', 'LegacyHostIP', 'Hostname']

/** One target a node: its kubelet. */
export const nodeRole: Role<'nodes'> = {
  primary: 'nodes',
  secondary: [],
  onNodes: false,
  sourcePrefix: 'node/',
  build(node) {
    const addresses = new Map<string, string>()
    for (const { type, address } of node.status?.addresses ?? []) if (!addresses.has(type)) addresses.set(type, address)
    const type = ADDRESS_TYPES.find((type) => addresses.has(type))
    if (type === undefined) return undefined
    const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0
    const target: LabelRecord = {
      [ADDRESS_LABEL]: formatAddress({ host: addresses.get(type)!, port }),
      instance: node.metadata?.name ?? '',
    }
    for (const [type, address] of addresses) target[`${PREFIX}node_address_${labelName(type)}`] = address
    return {
      labels: { [`${PREFIX}node_provider_id`]: node.spec?.providerID ?? '', ...metaLabels('node', node.metadata) },
      targets: [target],
    }
  },
}
