import { formatAddress } from '../../base/address.ts'
import { ADDRESS_LABEL } from '../static.ts'
import { type LabelRecord, metaLabels, PREFIX } from './meta-labels.ts'
import type { Role } from './role.ts'
import { namespaceLabels } from './role.ts'

// Source: Prometheus discovery/kubernetes/service.go.

/** One target a port of a service. */
export const serviceRole: Role<'services'> = {
  primary: 'services',
  secondary: [],
  onNodes: false,
  sourcePrefix: 'svc/',
  build(service, cluster) {
    const { metadata, spec } = service
    const targets = (spec?.ports ?? []).map(({ name, port, protocol }) => {
      const target: LabelRecord = {
        [ADDRESS_LABEL]: formatAddress({ host: `${metadata?.name}.${metadata?.namespace}.svc`, port }),
        [`${PREFIX}service_port_name`]: name ?? '',
        [`${PREFIX}service_port_number`]: String(port),
        [`${PREFIX}service_port_protocol`]: protocol ?? '',
        [`${PREFIX}service_type`]: spec?.type ?? '',
      }
      if (spec?.type === 'ExternalName') target[`${PREFIX}service_external_name`] = spec.externalName ?? ''
      else target[`${PREFIX}service_cluster_ip`] = spec?.clusterIP ?? ''
      if (spec?.type === 'LoadBalancer') target[`${PREFIX}service_loadbalancer_ip`] = spec.loadBalancerIP ?? ''
      return target
    })
    return { labels: { ...namespaceLabels(cluster, service), ...metaLabels('service', metadata) }, targets }
  },
}
