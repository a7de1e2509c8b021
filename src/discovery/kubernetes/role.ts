import type { LabelRecord } from './meta-labels.ts'
import { labelsAndAnnotations, metaLabels, PREFIX } from './meta-labels.ts'
import type { KubernetesObject, Objects, Resource } from './objects.ts'
import { objectKey } from './objects.ts'

export interface BuiltGroup {
  readonly labels: LabelRecord
  readonly targets: readonly LabelRecord[]
}

/** The other objects that a group takes labels from; what was asked for is watched, found or not. */
export interface Cluster {
  find<R extends Resource>(resource: R, namespace: string | undefined, name: string | undefined): Objects[R] | undefined
  readonly attach: AttachMetadata
  /** Whether a selector chooses among nodes: then only what runs on those that are known counts. */
  readonly nodesAreSelected: boolean
}

/** Which objects lend labels to targets that have to do with them. */
export interface AttachMetadata {
  readonly node: boolean
  readonly namespace: boolean
  readonly deployment: boolean
  readonly job: boolean
  readonly cronjob: boolean
}

/** How a role makes a target group of one object. */
export interface Role<R extends Resource> {
  /** What a group is made of. */
  readonly primary: R
  /** What it takes labels from besides. */
  readonly secondary: readonly Resource[]
  /** Whether its targets run on nodes, whose labels may be attached. */
  readonly onNodes: boolean
  readonly sourcePrefix: string
  /** undefined: nothing can be said; what was said before stays. */
  build(object: Objects[R], cluster: Cluster): BuiltGroup | undefined
}

/** Labels of a node, where they are asked for and it is known. */
export function nodeLabels(cluster: Cluster, name: string | undefined): LabelRecord {
  if (!cluster.attach.node || name === undefined) return {}
  const node = cluster.find('nodes', undefined, name)
  return node === undefined ? {} : metaLabels('node', node.metadata)
}

/** The namespace of an object, with its labels where they are asked for. */
export function namespaceLabels(cluster: Cluster, { metadata }: KubernetesObject): LabelRecord {
  const name = metadata?.namespace
  const labels = { [`${PREFIX}namespace`]: name ?? '' }
  if (!cluster.attach.namespace) return labels
  const namespace = cluster.find('namespaces', undefined, name)
  return namespace === undefined ? labels : { ...labels, ...labelsAndAnnotations('namespace', namespace.metadata) }
}

/** Where an object is kept, and what its group's source ends with. */
export function keyOf({ metadata }: KubernetesObject): string {
  return objectKey(metadata?.namespace, metadata?.name)
}
