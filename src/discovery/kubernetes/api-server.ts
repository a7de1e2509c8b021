import { formatAddress } from '../../base/address.ts'
import type { FileSystem, TlsOptions } from '../../base/env.ts'
import { type HttpClientConfig, PLAIN_HTTP_CLIENT } from '../http-client.ts'
import { readKubeconfig } from './kubeconfig.ts'
import type { ApiPlace } from './schema.ts'

// Source: kubernetes/client-go rest/config.go, InClusterConfig.

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** An API server that was found. */
export interface ApiServer {
  /** Without a slash at its end. */
  readonly url: string
  /** How to reach it now: tokens are exchanged while a process runs. */
  client(): Promise<HttpClientConfig>
}

/** Rejects when files or variables that say where it is are missing or wrong. */
export async function findApiServer(fs: FileSystem, place: ApiPlace): Promise<ApiServer> {
  if (place.kind === 'server') return { url: place.url.replace(/\/+$/, ''), client: async () => place.client }
  if (place.kind === 'kubeconfig') {
    const { server, tls, basicAuth, token, tokenFile } = await readKubeconfig(fs, place.file)
    return {
      url: server.replace(/\/+$/, ''),
      client: tokenClient(fs, { ...PLAIN_HTTP_CLIENT, tls, basicAuth, bearerToken: token }, tokenFile),
    }
  }
  const { host, port } = place
  if (!host || !port)
    throw new Error(
      'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined; elsewhere set api_server or kubeconfig_file',
    )
  const tls: TlsOptions = { ca: await fs.readText(`${SERVICE_ACCOUNT}/ca.crt`), minVersion: 'TLSv1.2' }
  return {
    url: `https://${formatAddress({ host, port: Number(port) })}`,
    client: tokenClient(fs, { ...PLAIN_HTTP_CLIENT, tls }, `${SERVICE_ACCOUNT}/token`),
  }
}

/** The namespace that this process runs in, as a pod. */
export async function readOwnNamespace(fs: FileSystem): Promise<string> {
  return (await fs.readText(`${SERVICE_ACCOUNT}/namespace`)).trim()
}

function tokenClient(fs: FileSystem, base: HttpClientConfig, tokenFile: string | undefined): ApiServer['client'] {
  if (tokenFile === undefined) return async () => base
  return async () => ({ ...base, bearerToken: (await fs.readText(tokenFile)).trim() })
}
