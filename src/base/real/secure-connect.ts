import { connect as netConnect, Socket } from 'node:net'
import {
  type ConnectionOptions,
  connect,
  createSecureContext,
  getCACertificates,
  type SecureContext,
  setDefaultCACertificates,
  TLSSocket,
} from 'node:tls'
import type { TlsOptions } from '../env.ts'
import { isAddress } from '../ip-address.ts'
import { serverCertificateFault } from '../server-certificate.ts'

export interface SecureOptions {
  readonly host: string
  readonly port: number
  readonly tls: TlsOptions
  /** Offered by ALPN; default: nothing is. */
  readonly protocols?: readonly string[]
  /** Over this connection instead of a new one. */
  readonly socket?: Socket
}

/**
 * A TLS connection; `onSecured` is called when the server is known to be who it should be. Whatever is wrong comes as the socket's
 * error, a certificate's fault in Go's words. Nothing may be written before.
 */
export function secureConnect(
  { host, port, tls, protocols = [], socket: over }: SecureOptions,
  onSecured: (socket: TLSSocket) => void,
): TLSSocket {
  const name = tls.servername ?? host
  let secureContext: SecureContext
  try {
    secureContext = contextOf(tls)
  } catch (error) {
    over?.destroy()
    return new TLSSocket(new Socket()).destroy(error as Error)
  }
  const options: ConnectionOptions = {
    secureContext,
    // An address is no name that a certificate could be asked for by.
    servername: isAddress(name) ? '' : name,
    ...(protocols.length > 0 ? { ALPNProtocols: [...protocols] } : {}),
    // The rules and words are ours, below.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(over === undefined ? { host, port } : { socket: over }),
  }
  const socket = connect(options, () => {
    const fault = tls.rejectUnauthorized === false ? undefined : faultOf(socket, name)
    if (fault === undefined) onSecured(socket)
    else socket.destroy(new Error(fault))
  })
  return socket
}

/** A plain connection. */
export function plainConnect(host: string, port: number, onConnected: () => void): Socket {
  return netConnect({ host, port, noDelay: true }, onConnected)
}

function faultOf(socket: TLSSocket, name: string): string | undefined {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return 'tls: server has no certificate'
  const { authorizationError } = socket
  const chainFault = socket.authorized ? undefined : String(authorizationError ?? 'UNVERIFIED')
  return serverCertificateFault({ certificate, chainFault, name, now: Date.now() })
}

const contexts = new WeakMap<TlsOptions, SecureContext>()

function contextOf(tls: TlsOptions): SecureContext {
  let context = contexts.get(tls)
  if (context === undefined) {
    const { ca, cert, key, minVersion = 'TLSv1.2', maxVersion } = tls
    if (ca === undefined) useAuthoritiesOfSystem()
    // OpenSSL has SHA-1, which TLS 1.0 and 1.1 sign with, at its lowest level of security only.
    const ciphers = minVersion < 'TLSv1.2' ? { ciphers: 'DEFAULT:@SECLEVEL=0' } : {}
    context = createSecureContext({ ca, cert, key, minVersion: lowest(minVersion, maxVersion), maxVersion, ...ciphers })
    contexts.set(tls, context)
  }
  return context
}

/** A highest version below the default lowest one is all that is spoken. */
function lowest(minVersion: NonNullable<TlsOptions['minVersion']>, maxVersion: TlsOptions['maxVersion']): TlsOptions['minVersion'] {
  return maxVersion !== undefined && maxVersion < minVersion ? maxVersion : minVersion
}

let usesSystem = false

/** As Go does, rather than those that come with the runtime: where there are any. */
function useAuthoritiesOfSystem(): void {
  if (usesSystem) return
  usesSystem = true
  const system = new Set(getCACertificates('system'))
  if (system.size > 0) setDefaultCACertificates([...system])
}
