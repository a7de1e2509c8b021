import { formatAddress } from '../../base/address.ts'
import { ADDRESS_LABEL } from '../static.ts'
import { type LabelRecord, metaLabels, PREFIX } from './meta-labels.ts'
import type { EndpointAddress, EndpointPort } from './objects.ts'
import { PodTargets } from './pod-targets.ts'
import type { Role } from './role.ts'
import { namespaceLabels, nodeLabels } from './role.ts'

// Source: Prometheus discovery/kubernetes/endpoints.go.

/** One target a port of an address, and one a port of the pods behind them that no service covers. */
export const endpointsRole: Role<'endpoints'> = {
  primary: 'endpoints',
  secondary: ['services', 'pods'],
  onNodes: true,
  sourcePrefix: 'endpoints/',
  build(endpoints, cluster) {
    const { metadata } = endpoints
    const service = cluster.find('services', metadata?.namespace, metadata?.name)
    const pods = new PodTargets(cluster)
    const targets: LabelRecord[] = []
    const add = (address: EndpointAddress, port: EndpointPort, ready: boolean) => {
      const { targetRef } = address
      targets.push({
        [ADDRESS_LABEL]: formatAddress({ host: address.ip, port: port.port }),
        [`${PREFIX}endpoint_port_name`]: port.name ?? '',
        [`${PREFIX}endpoint_port_protocol`]: port.protocol ?? '',
        [`${PREFIX}endpoint_ready`]: String(ready),
        [`${PREFIX}endpoint_address_target_kind`]: targetRef?.kind ?? '',
        [`${PREFIX}endpoint_address_target_name`]: targetRef?.name ?? '',
        [`${PREFIX}endpoint_node_name`]: address.nodeName ?? '',
        [`${PREFIX}endpoint_hostname`]: address.hostname ?? '',
        ...nodeLabels(cluster, address.nodeName ?? (targetRef?.kind === 'Node' ? targetRef.name : undefined)),
        ...pods.labels(targetRef, port.port, port.protocol ?? ''),
      })
    }
    for (const subset of endpoints.subsets ?? []) {
      for (const port of subset.ports ?? []) {
        for (const address of subset.addresses ?? []) add(address, port, true)
        for (const address of subset.notReadyAddresses ?? []) add(address, port, false)
      }
    }
    return {
      labels: {
        ...namespaceLabels(cluster, endpoints),
        ...(service === undefined ? {} : metaLabels('service', service.metadata)),
        ...metaLabels('endpoints', metadata),
      },
      targets: [...targets, ...pods.uncovered()],
    }
  },
}
