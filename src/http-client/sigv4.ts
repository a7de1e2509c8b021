import type { Clock } from '../base/env.ts'
import type { SigV4Config } from './sigv4-config.ts'

// Loaded only where a section has `sigv4`: the libraries are large.

export interface SignedRequest {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Headers that prove who sends a request. Rejects when there are no credentials. */
export type RequestSigner = (request: SignedRequest) => Promise<Readonly<Record<string, string>>>

/** Source: prometheus/common sigv4/sigv4.go. */
export async function requestSigner(config: SigV4Config, clock: Clock): Promise<RequestSigner> {
  const [{ SignatureV4 }, { Sha256 }] = await Promise.all([import('@smithy/signature-v4'), import('@aws-crypto/sha256-js')])
  const { region, serviceName, accessKey, secretKey } = config
  const credentials = accessKey === '' ? await providedCredentials(config) : { accessKeyId: accessKey, secretAccessKey: secretKey }
  const signer = new SignatureV4({ service: serviceName, region, credentials: await inRole(config, credentials, clock), sha256: Sha256 })
  return async ({ url, method, headers, body }) => {
    const { hostname, host, pathname, searchParams, protocol, port } = new URL(url)
    const query: Record<string, string> = {}
    for (const [name, value] of searchParams) query[name] = value
    // What a proxy on the way may change is not signed.
    const signed = {
      host,
      'content-encoding': headers['content-encoding'],
      'content-type': headers['content-type'],
      'x-prometheus-remote-write-version': headers['x-prometheus-remote-write-version'],
    }
    const request = {
      method,
      protocol,
      hostname,
      port: port === '' ? undefined : Number(port),
      path: pathname,
      query,
      headers: signed,
      body,
    }
    const result = await signer.sign(request, { signingDate: new Date(clock.now()) })
    const own: Record<string, string> = {}
    for (const [name, value] of Object.entries(result.headers))
      if (name.toLowerCase() === 'authorization' || name.toLowerCase().startsWith('x-amz-')) own[name.toLowerCase()] = value
    return own
  }
}

interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration?: Date
}
type CredentialsSource = AwsCredentials | (() => Promise<AwsCredentials>)

/** From the environment, the files of the AWS tools, or the machine. */
async function providedCredentials({ profile }: SigV4Config): Promise<CredentialsSource> {
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers')
  return fromNodeProviderChain(profile === '' ? {} : { profile })
}

/** A session is given up so long before it expires. */
const EXPIRY_DELTA_MS = 5 * 60_000

async function inRole(config: SigV4Config, master: CredentialsSource, clock: Clock): Promise<CredentialsSource> {
  const { roleArn, externalId, region, useFipsStsEndpoint } = config
  if (roleArn === '') return master
  const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers')
  const takeOn = fromTemporaryCredentials({
    masterCredentials: master,
    params: { RoleArn: roleArn, RoleSessionName: 'promontory', ...(externalId === '' ? {} : { ExternalId: externalId }) },
    clientConfig: { region, useFipsEndpoint: useFipsStsEndpoint },
  })

  // The library asks for a session each time; some dozens of requests a second share one.
  let session: Promise<AwsCredentials> | undefined
  let expires = Number.POSITIVE_INFINITY
  return () => {
    if (session !== undefined && clock.now() < expires) return session
    expires = Number.POSITIVE_INFINITY
    session = takeOn().then(
      (credentials) => {
        expires = (credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY) - EXPIRY_DELTA_MS
        return credentials
      },
      (error: unknown) => {
        session = undefined
        throw error
      },
    )
    return session
  }
}
