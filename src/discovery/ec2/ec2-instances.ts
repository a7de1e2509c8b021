import {
  DescribeAvailabilityZonesCommand,
  EC2Client,
  type EC2ClientConfig,
  type Instance,
  paginateDescribeInstances,
} from '@aws-sdk/client-ec2'
import { formatAddress } from '../../base/address.ts'
import type { Env } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { HttpClient, readBody } from '../../http-client/client.ts'
import { Labels } from '../../model/labels.ts'
import type { TargetGroup } from '../discoverer.ts'
import { labelName } from '../label-name.ts'
import { ADDRESS_LABEL } from '../static.ts'
import type { Ec2SdConfig } from './ec2.ts'

// Source of labels: Prometheus discovery/aws/ec2.go.

const PREFIX = '__meta_ec2_'
/** Around and between values of a list, so that a regex can ask for one of them. */
const SEPARATOR = ','
const BODY_BYTES_MAX = 256 * 1024 * 1024
/** After these, credentials are looked for anew. */
const REFUSALS = new Set(['AuthFailure', 'UnauthorizedOperation'])

/** Asks EC2 through the HTTP client of the section, whose proxy and certificates count. */
export class Ec2Instances {
  readonly #env: Env
  readonly #config: Ec2SdConfig
  readonly #http: HttpClient
  #client: EC2Client | undefined
  /** Ids of availability zones by name; undefined: not known yet. */
  #zones: ReadonlyMap<string, string> | undefined

  constructor(env: Env, config: Ec2SdConfig) {
    this.#env = env
    this.#config = config
    this.#http = new HttpClient(env, config.client)
  }

  async read(signal: AbortSignal): Promise<TargetGroup> {
    this.#client ??= new EC2Client(await this.#clientConfig())
    const client = this.#client
    const region = await client.config.region()
    const zones = await this.#zoneIds(client, signal)
    const filters = this.#config.filters.map(({ name, values }) => ({ Name: name, Values: [...values] }))
    const targets: Labels[] = []
    try {
      const input = filters.length === 0 ? {} : { Filters: filters }
      for await (const { Reservations = [] } of paginateDescribeInstances({ client }, input, { abortSignal: signal })) {
        for (const { OwnerId, Instances = [] } of Reservations) {
          for (const instance of Instances) {
            const labels = labelsOf(instance, OwnerId, { region, zones, port: this.#config.port })
            if (labels !== undefined) targets.push(labels)
          }
        }
      }
    } catch (cause) {
      if (cause instanceof Error && REFUSALS.has(cause.name)) this.#client = undefined
      throw new Error('could not describe instances', { cause })
    }
    return { source: region, targets, labels: Labels.empty }
  }

  /** Without them targets have no `availability_zone_id`, and that is all. */
  async #zoneIds(client: EC2Client, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    if (this.#zones !== undefined) return this.#zones
    try {
      const { AvailabilityZones = [] } = await client.send(new DescribeAvailabilityZonesCommand({}), { abortSignal: signal })
      this.#zones = new Map(AvailabilityZones.map(({ ZoneName = '', ZoneId = '' }) => [ZoneName, ZoneId]))
      return this.#zones
    } catch (error) {
      if (!signal.aborted) this.#env.log.debug('ec2 discovery: ids of availability zones are not known', { error: errorMessage(error) })
      return new Map()
    }
  }

  async #clientConfig(): Promise<EC2ClientConfig> {
    const { region, endpoint, accessKey, secretKey, profile, roleArn, externalId } = this.#config
    const base: EC2ClientConfig = {
      ...(region === '' ? {} : { region }),
      ...(endpoint === '' ? {} : { endpoint }),
      ...(profile === '' ? {} : { profile }),
      requestHandler: {
        handle: (request: SdkRequest, options?: { abortSignal?: AbortSignal }) => this.#handle(request, options?.abortSignal),
      },
      maxAttempts: 1,
    }
    let credentials: EC2ClientConfig['credentials']
    if (accessKey !== '' || secretKey !== '') credentials = { accessKeyId: accessKey, secretAccessKey: secretKey }
    if (roleArn === '') return credentials === undefined ? base : { ...base, credentials }
    const { fromNodeProviderChain, fromTemporaryCredentials } = await import('@aws-sdk/credential-providers')
    return {
      ...base,
      credentials: fromTemporaryCredentials({
        masterCredentials: credentials ?? fromNodeProviderChain(profile === '' ? {} : { profile }),
        params: { RoleArn: roleArn, RoleSessionName: 'promontory-ec2-discovery', ...(externalId === '' ? {} : { ExternalId: externalId }) },
        ...(region === '' ? {} : { clientConfig: { region } }),
      }),
    }
  }

  async #handle({ protocol, hostname, port, path, query = {}, method, headers, body }: SdkRequest, signal: AbortSignal | undefined) {
    const url = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`)
    for (const [name, value] of Object.entries(query))
      if (value !== null) for (const one of [value].flat()) url.searchParams.append(name, one)
    const response = await this.#http.send({
      url: url.href,
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
      timeoutMs: this.#config.refreshIntervalMs,
    })
    const received = await readBody(response, BODY_BYTES_MAX)
    return { response: { statusCode: response.status, headers: { ...response.headers }, body: received } }
  }
}

/** A request of the SDK, as far as it is looked at. */
interface SdkRequest {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

interface Place {
  readonly region: string
  readonly zones: ReadonlyMap<string, string>
  readonly port: number
}

/** Undefined: it has no address. */
function labelsOf(instance: Instance, ownerId: string | undefined, { region, zones, port }: Place): Labels | undefined {
  const { PrivateIpAddress: privateIp } = instance
  if (privateIp === undefined) return undefined
  const zone = instance.Placement?.AvailabilityZone ?? ''
  const own: Record<string, string | undefined> = {
    ami: instance.ImageId,
    architecture: instance.Architecture,
    availability_zone: zone,
    availability_zone_id: zones.get(zone),
    instance_id: instance.InstanceId,
    instance_lifecycle: instance.InstanceLifecycle,
    instance_state: instance.State?.Name,
    instance_type: instance.InstanceType,
    owner_id: ownerId,
    platform: instance.Platform,
    private_dns_name: instance.PrivateDnsName,
    private_ip: privateIp,
    region,
    ...(instance.PublicIpAddress === undefined ? {} : { public_ip: instance.PublicIpAddress, public_dns_name: instance.PublicDnsName }),
    ...(instance.VpcId === undefined ? {} : networkLabels(instance)),
  }
  const labels: Record<string, string> = { [ADDRESS_LABEL]: formatAddress({ host: privateIp, port }) }
  for (const [name, value] of Object.entries(own)) if (value !== undefined) labels[`${PREFIX}${name}`] = value
  for (const { Key, Value } of instance.Tags ?? [])
    if (Key !== undefined && Value !== undefined) labels[`${PREFIX}tag_${labelName(Key)}`] = Value
  return Labels.of(labels)
}

function networkLabels({ VpcId, SubnetId, NetworkInterfaces = [] }: Instance): Record<string, string | undefined> {
  const subnets = new Set<string>()
  const addresses: string[] = []
  // By the index of the device: a place without one is empty.
  const primary: string[] = []
  for (const { SubnetId: subnet, Ipv6Addresses = [], Attachment } of NetworkInterfaces) {
    if (subnet === undefined) continue
    subnets.add(subnet)
    for (const { Ipv6Address = '', IsPrimaryIpv6 } of Ipv6Addresses) {
      addresses.push(Ipv6Address)
      const device = Attachment?.DeviceIndex
      if (!IsPrimaryIpv6 || device === undefined) continue
      while (primary.length <= device) primary.push('')
      primary[device] = Ipv6Address
    }
  }
  return {
    vpc_id: VpcId,
    primary_subnet_id: SubnetId,
    subnet_id: listed([...subnets]),
    ...(addresses.length === 0 ? {} : { ipv6_addresses: listed(addresses) }),
    ...(primary.length === 0 ? {} : { primary_ipv6_addresses: listed(primary) }),
  }
}

function listed(values: readonly string[]): string {
  return `${SEPARATOR}${values.join(SEPARATOR)}${SEPARATOR}`
}
