import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { TlsOptions } from '../base/env.ts'
import type { SecretSource, TlsConfig } from './client-config.ts'
import { describeSource, isFile, type SecretReader } from './secret-reader.ts'

/**
 * What a `tls_config` says now: the same object while its files are the same.
 * Source of the error texts: prometheus/common config/http_config.go, NewTLSConfig, getClientCertificate.
 */
export class TlsMaterial {
  readonly #secrets: SecretReader
  readonly #config: TlsConfig
  #state: string | undefined
  #options: TlsOptions = {}

  constructor(secrets: SecretReader, config: TlsConfig) {
    this.#secrets = secrets
    this.#config = config
  }

  /** Files may change. */
  get mayChange(): boolean {
    const { ca, cert, key } = this.#config
    return [ca, cert, key].some(isFile)
  }

  /** Looks at the files. Rejects when they cannot be read, or hold something else. */
  async read(): Promise<TlsOptions> {
    const { ca, cert, key, serverName, insecureSkipVerify, minVersion, maxVersion } = this.#config
    const authorities = await this.#text('CA cert', ca)
    const certificate = await this.#text('client cert', cert)
    const privateKey = await this.#text('client key', key)
    const state = JSON.stringify([authorities, certificate, privateKey])
    if (state === this.#state) return this.#options
    if (ca !== undefined && !hasCertificate(authorities ?? '')) throw new Error(`unable to use specified CA cert ${describeSource(ca)}`)
    if (cert !== undefined && key !== undefined) {
      const fault = pairFault(certificate ?? '', privateKey ?? '')
      if (fault !== undefined)
        throw new Error(`unable to use specified client cert (${describeSource(cert)}) & key (${describeSource(key)}): tls: ${fault}`)
    }
    this.#options = {
      ...(authorities === undefined ? {} : { ca: authorities }),
      ...(certificate === undefined || privateKey === undefined ? {} : { cert: certificate, key: privateKey }),
      ...(serverName ? { servername: serverName } : {}),
      ...(insecureSkipVerify ? { rejectUnauthorized: false } : {}),
      ...(minVersion === undefined ? {} : { minVersion }),
      ...(maxVersion === undefined ? {} : { maxVersion }),
    }
    this.#state = state
    return this.#options
  }

  async #text(what: string, source: SecretSource | undefined): Promise<string | undefined> {
    if (source === undefined) return undefined
    try {
      return await this.#secrets.read(source)
    } catch (error) {
      throw new Error(`unable to read ${what}: ${(error as Error).message}`)
    }
  }
}

function certificates(text: string): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
}

function hasCertificate(text: string): boolean {
  return certificates(text).some((block) => parseCertificate(block) !== undefined)
}

function parseCertificate(block: string): X509Certificate | undefined {
  try {
    return new X509Certificate(block)
  } catch {
    return undefined
  }
}

/** Source of the texts: Go crypto/tls, X509KeyPair. */
function pairFault(cert: string, key: string): string | undefined {
  const [leaf] = certificates(cert)
  if (leaf === undefined) return 'failed to find any PEM data in certificate input'
  const certificate = parseCertificate(leaf)
  if (certificate === undefined) return 'failed to parse certificate'
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key)) return 'failed to find any PEM data in key input'
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey(key)
  } catch {
    // What the parser says may quote the key.
    return 'failed to parse private key'
  }
  return certificate.checkPrivateKey(privateKey) ? undefined : 'private key does not match public key'
}
