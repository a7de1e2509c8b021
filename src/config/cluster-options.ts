import { parseAddress } from '../base/address.ts'
import { CodedError } from '../base/errors.ts'
import { isAddress } from '../base/ip-address.ts'
import type { ClusterOptions } from '../cluster/cluster.ts'
import type { AlertmanagerFlagValues } from './alertmanager-flags.ts'

const LABEL_BYTES_MAX = 255

/** What the flags say of a cluster, but for the name and TLS of this member; undefined: there is none. Throws `bad_data`. */
export function clusterOptions(values: AlertmanagerFlagValues): Omit<ClusterOptions, 'name' | 'tls'> | undefined {
  if (values['cluster.listen-address'] === '') return undefined
  const address = (name: 'cluster.listen-address' | 'cluster.advertise-address') => {
    const { host, port } = parse(name, values[name])
    if (!isAddress(host)) throw new CodedError('bad_data', `--${name}: found "${host}", want an IP address`)
    return { host, port }
  }
  for (const peer of values['cluster.peer']) parse('cluster.peer', peer)
  const label = values['cluster.label']
  if (Buffer.byteLength(label) > LABEL_BYTES_MAX)
    throw new CodedError('bad_data', `--cluster.label: found ${Buffer.byteLength(label)} bytes, want ${LABEL_BYTES_MAX} at most`)
  return {
    listen: address('cluster.listen-address'),
    advertise: values['cluster.advertise-address'] === '' ? undefined : address('cluster.advertise-address'),
    allowsPublicAdvertise: values['cluster.allow-insecure-public-advertise-address-discovery'],
    peers: values['cluster.peer'],
    label,
    peersResolveTimeoutMs: values['cluster.peers-resolve-timeout'],
    gossipIntervalMs: values['cluster.gossip-interval'],
    pushPullIntervalMs: values['cluster.pushpull-interval'],
    tcpTimeoutMs: values['cluster.tcp-timeout'],
    probeTimeoutMs: values['cluster.probe-timeout'],
    probeIntervalMs: values['cluster.probe-interval'],
    settleTimeoutMs: values['cluster.settle-timeout'],
    reconnectIntervalMs: values['cluster.reconnect-interval'],
    reconnectTimeoutMs: values['cluster.reconnect-timeout'],
  }
}

function parse(flag: string, text: string) {
  try {
    return parseAddress(text)
  } catch (error) {
    throw new CodedError('bad_data', `--${flag}: ${(error as Error).message}`)
  }
}
