import { formatAddress } from '../../base/address.ts'
import { ADDRESS_LABEL } from '../static.ts'
import { type LabelRecord, metaLabels, PREFIX } from './meta-labels.ts'
import { type Container, type ContainerPort, controllerOf, type OwnerReference, type Pod } from './objects.ts'
import type { Cluster, Role } from './role.ts'
import { namespaceLabels, nodeLabels } from './role.ts'

// Source: Prometheus discovery/kubernetes/pod.go.

const NO_TARGETS = { labels: {}, targets: [] }

/** One target a declared port of a container; one a container that declares none, without a port. */
export const podRole: Role<'pods'> = {
  primary: 'pods',
  secondary: [],
  onNodes: true,
  sourcePrefix: 'pod/',
  build(pod, cluster) {
    const ip = pod.status?.podIP
    // A pod that is starting, or was evicted.
    if (!ip) return NO_TARGETS
    const node = pod.spec?.nodeName
    if (cluster.nodesAreSelected && (node === undefined || cluster.find('nodes', undefined, node) === undefined)) return NO_TARGETS
    const targets: LabelRecord[] = []
    for (const { container, isInit } of containersOf(pod)) {
      const id = containerId(pod, container, isInit)
      const own = { ...containerLabels(container, isInit), [`${PREFIX}pod_container_id`]: id }
      if (!container.ports?.length) targets.push({ [ADDRESS_LABEL]: ip, ...own })
      for (const port of container.ports ?? []) {
        const address = formatAddress({ host: ip, port: port.containerPort })
        targets.push({ [ADDRESS_LABEL]: address, ...own, ...containerPortLabels(port, port.protocol) })
      }
    }
    return { labels: { ...podLabels(pod, cluster), ...namespaceLabels(cluster, pod), ...nodeLabels(cluster, node) }, targets }
  },
}

/** What describes a pod, wherever it is met. */
export function podLabels(pod: Pod, cluster: Cluster): LabelRecord {
  const { metadata, spec, status } = pod
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'Unknown'
  const owner = controllerOf(pod)
  return {
    [`${PREFIX}pod_ip`]: status?.podIP ?? '',
    [`${PREFIX}pod_ready`]: ready.toLowerCase(),
    [`${PREFIX}pod_phase`]: status?.phase ?? '',
    [`${PREFIX}pod_node_name`]: spec?.nodeName ?? '',
    [`${PREFIX}pod_host_ip`]: status?.hostIP ?? '',
    [`${PREFIX}pod_uid`]: metadata?.uid ?? '',
    ...metaLabels('pod', metadata),
    [`${PREFIX}pod_controller_kind`]: owner?.kind ?? '',
    [`${PREFIX}pod_controller_name`]: owner?.name ?? '',
    ...workloadLabels(owner, metadata?.namespace, cluster),
  }
}

/** What stands behind the controller of a pod, where it is asked for: a deployment behind a replica set, a cron job behind a job. */
function workloadLabels(owner: OwnerReference | undefined, namespace: string | undefined, cluster: Cluster): LabelRecord {
  const { deployment, job, cronjob } = cluster.attach
  const labels: LabelRecord = {}
  const behind = (resource: 'replicasets' | 'jobs', kind: string): string => {
    const object = cluster.find(resource, namespace, owner?.name)
    const controller = object && controllerOf(object)
    return controller?.kind === kind ? (controller.name ?? '') : ''
  }
  if (owner?.kind === 'ReplicaSet' && deployment) labels[`${PREFIX}pod_deployment_name`] = behind('replicasets', 'Deployment')
  if (owner?.kind === 'Job') {
    if (job) labels[`${PREFIX}pod_job_name`] = owner.name ?? ''
    if (cronjob) labels[`${PREFIX}pod_cronjob_name`] = behind('jobs', 'CronJob')
  }
  return labels
}

interface PodContainer {
  readonly container: Container
  readonly isInit: boolean
}

/** Init containers last; those that go on running may have ports. */
export function containersOf({ spec }: Pod): readonly PodContainer[] {
  return [
    ...(spec?.containers ?? []).map((container) => ({ container, isInit: false })),
    ...(spec?.initContainers ?? []).map((container) => ({ container, isInit: true })),
  ]
}

export function containerLabels({ name, image }: Container, isInit: boolean): LabelRecord {
  return {
    [`${PREFIX}pod_container_name`]: name ?? '',
    [`${PREFIX}pod_container_image`]: image ?? '',
    [`${PREFIX}pod_container_init`]: String(isInit),
  }
}

export function containerPortLabels(port: ContainerPort, protocol: string | undefined): LabelRecord {
  return {
    [`${PREFIX}pod_container_port_name`]: port.name ?? '',
    [`${PREFIX}pod_container_port_number`]: String(port.containerPort),
    [`${PREFIX}pod_container_port_protocol`]: protocol ?? '',
  }
}

function containerId({ status }: Pod, { name }: Container, isInit: boolean): string {
  const statuses = (isInit ? status?.initContainerStatuses : status?.containerStatuses) ?? []
  return statuses.find((status) => status.name === name)?.containerID ?? ''
}
