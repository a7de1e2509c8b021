import { formatAddress } from '../../base/address.ts'
import { ADDRESS_LABEL } from '../static.ts'
import type { LabelRecord } from './meta-labels.ts'
import type { ObjectReference, Pod } from './objects.ts'
import { containerLabels, containerPortLabels, containersOf, podLabels } from './pod.ts'
import type { Cluster } from './role.ts'
import { keyOf } from './role.ts'

// What endpoints and endpoint slices have in common: an address may be that of a pod, whose labels are then added, and of whose
// ports those that no service covers become targets as well.
// Source: Prometheus discovery/kubernetes/endpoints.go and endpointslice.go.

/** The pods behind the addresses of one group. */
export class PodTargets {
  readonly #cluster: Cluster
  readonly #seen = new Map<string, { readonly pod: Pod; readonly ports: Set<number> }>()

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** Labels of the pod that `reference` names, and of its container that has the port; none when it names no known pod. */
  labels(reference: ObjectReference | undefined, port: number | undefined, protocol: string | undefined): LabelRecord {
    if (reference?.kind !== 'Pod') return {}
    const pod = this.#cluster.find('pods', reference.namespace, reference.name)
    if (pod === undefined) return {}
    const key = keyOf(pod)
    const entry = this.#seen.get(key) ?? { pod, ports: new Set() }
    this.#seen.set(key, entry)
    const labels = podLabels(pod, this.#cluster)
    if (port === undefined) return labels
    entry.ports.add(port)
    for (const { container, isInit } of containersOf(pod)) {
      const match = container.ports?.find(({ containerPort }) => containerPort === port)
      if (match) Object.assign(labels, containerLabels(container, isInit), containerPortLabels(match, protocol ?? match.protocol))
    }
    return labels
  }

  /** A target a port of a pod that no address covered. */
  uncovered(): readonly LabelRecord[] {
    const targets: LabelRecord[] = []
    for (const { pod, ports } of this.#seen.values()) {
      const ip = pod.status?.podIP
      if (!ip) continue
      for (const { container, isInit } of containersOf(pod)) {
        for (const port of container.ports ?? []) {
          if (ports.has(port.containerPort)) continue
          targets.push({
            [ADDRESS_LABEL]: formatAddress({ host: ip, port: port.containerPort }),
            ...containerLabels(container, isInit),
            ...containerPortLabels(port, port.protocol),
            ...podLabels(pod, this.#cluster),
          })
        }
      }
    }
    return targets
  }
}
