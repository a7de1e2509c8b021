import { formatAddress } from '../../base/address.ts'
import { labelName } from '../label-name.ts'
import { ADDRESS_LABEL } from '../static.ts'
import { type LabelRecord, metaLabels, PREFIX } from './meta-labels.ts'
import type { EndpointSlice, Service, SliceEndpoint, SlicePort } from './objects.ts'
import { PodTargets } from './pod-targets.ts'
import type { Role } from './role.ts'
import { namespaceLabels, nodeLabels } from './role.ts'

// Source: Prometheus discovery/kubernetes/endpointslice.go.

const SLICE = `${PREFIX}endpointslice_`
const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'

/** As endpoints, in pieces of up to a thousand addresses. */
export const endpointSliceRole: Role<'endpointslices'> = {
  primary: 'endpointslices',
  secondary: ['services', 'pods'],
  onNodes: true,
  sourcePrefix: 'endpointslice/',
  build(slice, cluster) {
    const { metadata } = slice
    const serviceName = metadata?.labels?.[SERVICE_NAME_LABEL]
    const service = serviceName === undefined ? undefined : cluster.find('services', metadata?.namespace, serviceName)
    const pods = new PodTargets(cluster)
    const targets: LabelRecord[] = []
    const ports: readonly SlicePort[] = slice.ports ?? []
    for (const endpoint of isOfSecondFamily(slice, service) ? [] : (slice.endpoints ?? [])) {
      const { targetRef } = endpoint
      const node = targetRef?.kind === 'Node' ? targetRef.name : endpoint.nodeName
      for (const port of ports) {
        for (const address of endpoint.addresses ?? []) {
          targets.push({
            [ADDRESS_LABEL]: port.port === undefined ? address : formatAddress({ host: address, port: port.port }),
            ...portLabels(port),
            ...endpointLabels(endpoint),
            ...nodeLabels(cluster, node),
            ...pods.labels(targetRef, port.port, undefined),
          })
        }
      }
    }
    return {
      labels: {
        ...namespaceLabels(cluster, slice),
        [`${SLICE}address_type`]: slice.addressType ?? '',
        ...metaLabels('endpointslice', metadata),
        ...(service === undefined ? {} : metaLabels('service', service.metadata)),
      },
      targets: [...targets, ...pods.uncovered()],
    }
  },
}

/** A service with addresses of both families has a slice of each: whoever took both would scrape everything twice. */
function isOfSecondFamily({ addressType }: EndpointSlice, service: Service | undefined): boolean {
  const { ipFamilyPolicy: policy, ipFamilies: families } = service?.spec ?? {}
  if (policy !== 'PreferDualStack' && policy !== 'RequireDualStack') return false
  return families !== undefined && families.length > 0 && families[0] !== addressType
}

function portLabels({ name, port, protocol, appProtocol }: SlicePort): LabelRecord {
  return {
    [`${SLICE}port_name`]: name ?? '',
    [`${SLICE}port_protocol`]: protocol ?? '',
    [`${SLICE}port`]: port === undefined ? '' : String(port),
    [`${SLICE}port_app_protocol`]: appProtocol ?? '',
  }
}

function endpointLabels({ conditions, hostname, nodeName, zone, targetRef, deprecatedTopology }: SliceEndpoint): LabelRecord {
  const labels: LabelRecord = {
    [`${SLICE}endpoint_conditions_ready`]: shown(conditions?.ready),
    [`${SLICE}endpoint_conditions_serving`]: shown(conditions?.serving),
    [`${SLICE}endpoint_conditions_terminating`]: shown(conditions?.terminating),
    [`${SLICE}endpoint_hostname`]: hostname ?? '',
    [`${SLICE}endpoint_node_name`]: nodeName ?? '',
    [`${SLICE}endpoint_zone`]: zone ?? '',
    [`${SLICE}address_target_kind`]: targetRef?.kind ?? '',
    [`${SLICE}address_target_name`]: targetRef?.name ?? '',
  }
  for (const [key, value] of Object.entries(deprecatedTopology ?? {})) {
    labels[`${SLICE}endpoint_topology_${labelName(key)}`] = value
    labels[`${SLICE}endpoint_topology_present_${labelName(key)}`] = 'true'
  }
  return labels
}

function shown(condition: boolean | undefined): string {
  return condition === undefined ? '' : String(condition)
}
