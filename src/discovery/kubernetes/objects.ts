// What is read of Kubernetes' objects. Any field may be missing: the API server leaves out what is empty.
// Source: kubernetes/api core/v1, discovery/v1 and networking/v1.

export interface ObjectMeta {
  readonly name?: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly OwnerReference[]
}

export interface OwnerReference {
  readonly kind?: string
  readonly name?: string
  readonly controller?: boolean
}

export interface KubernetesObject {
  readonly metadata?: ObjectMeta
}

export interface Node extends KubernetesObject {
  readonly spec?: { readonly providerID?: string }
  readonly status?: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[]
    readonly daemonEndpoints?: { readonly kubeletEndpoint?: { readonly Port?: number } }
  }
}

export interface Service extends KubernetesObject {
  readonly spec?: {
    readonly type?: string
    readonly clusterIP?: string
    readonly externalName?: string
    readonly loadBalancerIP?: string
    readonly ipFamilyPolicy?: string
    /** The first is the primary one. */
    readonly ipFamilies?: readonly string[]
    readonly ports?: readonly { readonly name?: string; readonly port: number; readonly protocol?: string }[]
  }
}

export interface ContainerPort {
  readonly name?: string
  readonly containerPort: number
  readonly protocol?: string
}

export interface Container {
  readonly name?: string
  readonly image?: string
  readonly ports?: readonly ContainerPort[]
}

interface ContainerStatus {
  readonly name?: string
  readonly containerID?: string
}

export interface Pod extends KubernetesObject {
  readonly spec?: { readonly nodeName?: string; readonly containers?: readonly Container[]; readonly initContainers?: readonly Container[] }
  readonly status?: {
    readonly podIP?: string
    readonly hostIP?: string
    readonly phase?: string
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
    readonly containerStatuses?: readonly ContainerStatus[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
  }
}

export interface ObjectReference {
  readonly kind?: string
  readonly namespace?: string
  readonly name?: string
}

export interface EndpointAddress {
  readonly ip: string
  readonly hostname?: string
  readonly nodeName?: string
  readonly targetRef?: ObjectReference
}

export interface EndpointPort {
  readonly name?: string
  readonly port: number
  readonly protocol?: string
}

export interface Endpoints extends KubernetesObject {
  readonly subsets?: readonly {
    readonly addresses?: readonly EndpointAddress[]
    readonly notReadyAddresses?: readonly EndpointAddress[]
    readonly ports?: readonly EndpointPort[]
  }[]
}

export interface SliceEndpoint {
  readonly addresses?: readonly string[]
  readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean }
  readonly hostname?: string
  readonly nodeName?: string
  readonly zone?: string
  readonly targetRef?: ObjectReference
  readonly deprecatedTopology?: Readonly<Record<string, string>>
}

export interface SlicePort {
  readonly name?: string
  readonly port?: number
  readonly protocol?: string
  readonly appProtocol?: string
}

export interface EndpointSlice extends KubernetesObject {
  readonly addressType?: string
  readonly endpoints?: readonly SliceEndpoint[]
  readonly ports?: readonly SlicePort[]
}

export interface Ingress extends KubernetesObject {
  readonly spec?: {
    readonly ingressClassName?: string
    readonly tls?: readonly { readonly hosts?: readonly string[] }[]
    readonly rules?: readonly { readonly host?: string; readonly http?: { readonly paths?: readonly { readonly path?: string }[] } }[]
  }
}

/** The objects of each kind that is listed and watched. */
export interface Objects {
  readonly nodes: Node
  readonly services: Service
  readonly pods: Pod
  readonly endpoints: Endpoints
  readonly endpointslices: EndpointSlice
  readonly ingresses: Ingress
  readonly namespaces: KubernetesObject
  readonly replicasets: KubernetesObject
  readonly jobs: KubernetesObject
}

export type Resource = keyof Objects

/** Who made an object and keeps it going. */
export function controllerOf({ metadata }: KubernetesObject): OwnerReference | undefined {
  return metadata?.ownerReferences?.find(({ controller }) => controller === true)
}

/** `namespace/name`, or the name alone of what is in no namespace. */
export function objectKey(namespace: string | undefined, name: string | undefined): string {
  return namespace ? `${namespace}/${name ?? ''}` : (name ?? '')
}
