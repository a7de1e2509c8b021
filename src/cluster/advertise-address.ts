import type { NetworkAddress } from '../base/env.ts'
import { CodedError } from '../base/errors.ts'
import { parseIp, sharePrefix } from '../base/ip-address.ts'
import { ipBytes } from './ip-bytes.ts'

export interface AdvertiseOptions {
  readonly bind: NetworkAddress
  /** What was asked for. */
  readonly advertise: NetworkAddress | undefined
  /** Of the machine's interfaces. */
  readonly addresses: readonly string[]
  /** Whether a public address of the machine may be taken when it has no private one. */
  readonly allowsPublic: boolean
}

/** Networks that are not reached from the internet. Source: hashicorp/go-sockaddr, rfc.go, the forwardable networks of RFC 6890. */
const PRIVATE: readonly (readonly [network: Uint8Array, bits: number])[] = (
  [
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
    ['fc00::', 7],
  ] as const
).map(([network, bits]) => [parseIp(network)!, network.includes(':') ? bits : bits + 96])

/** The address that others are told. The port is 0 where it is the one that is listened on. Throws `bad_data`. */
export function advertiseAddress({ bind, advertise, addresses, allowsPublic }: AdvertiseOptions): { address: Uint8Array; port: number } {
  if (advertise !== undefined) {
    const address = ipBytes(advertise.host)
    if (address === undefined) throw new CodedError('bad_data', `found cluster.advertise-address "${advertise.host}", want an IP address`)
    return { address, port: advertise.port }
  }
  const isAny = bind.host === '0.0.0.0' || bind.host === '::'
  const host = isAny ? ownAddress(addresses, allowsPublic) : bind.host
  const address = host === undefined ? undefined : ipBytes(host)
  if (address === undefined)
    throw new CodedError(
      'bad_data',
      isAny
        ? 'this machine has no private IP address that other cluster members could be told: give --cluster.advertise-address'
        : `found cluster.listen-address "${bind.host}", want an IP address`,
    )
  return { address, port: 0 }
}

/** A private one, of version 4 rather than 6. */
function ownAddress(addresses: readonly string[], allowsPublic: boolean): string | undefined {
  const inOrder = [...addresses.filter((one) => !one.includes(':')), ...addresses.filter((one) => one.includes(':'))]
  const isPrivate = (text: string) => {
    const ip = parseIp(text)
    return ip !== undefined && PRIVATE.some(([network, bits]) => sharePrefix(ip, network, bits))
  }
  return (
    inOrder.find(isPrivate) ?? (allowsPublic ? inOrder.find((one) => !one.startsWith('fe80:') && !one.startsWith('169.254.')) : undefined)
  )
}
