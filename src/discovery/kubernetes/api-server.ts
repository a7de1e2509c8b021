import { formatAddress } from '../../base/address.ts'
import type { Env, FileSystem, HttpStream } from '../../base/env.ts'
import { type ClientRequest, HttpClient } from '../../http-client/client.ts'
import { type HttpClientConfig, PLAIN_HTTP_CLIENT, PLAIN_TLS } from '../../http-client/client-config.ts'
import { type ExecCredential, type ExecPlugin, runExecPlugin } from './exec-plugin.ts'
import { readKubeconfig } from './kubeconfig.ts'
import type { ApiPlace } from './schema.ts'

// Source: kubernetes/client-go rest/config.go, InClusterConfig.

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** An API server that was found. */
export interface ApiServer {
  /** Without a slash at its end. */
  readonly url: string
  /** Asks it, with the credentials that are good now. */
  send(request: ClientRequest): Promise<HttpStream>
}

/** Rejects when files or variables that say where it is are missing or wrong. */
export async function findApiServer(env: Env, place: ApiPlace): Promise<ApiServer> {
  if (place.kind === 'server') return serverOf(place.url, new HttpClient(env, place.client))
  if (place.kind === 'kubeconfig') {
    const { server, client, exec } = await readKubeconfig(env.fs, place.file)
    const config = { ...client, proxy: client.proxy ?? place.proxy }
    return serverOf(server, exec === undefined ? new HttpClient(env, config) : new ExecClient(env, config, exec))
  }
  const { host, port, proxy } = place
  if (!host || !port)
    throw new Error(
      'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined; elsewhere set api_server or kubeconfig_file',
    )
  const [ca, token] = [{ file: `${SERVICE_ACCOUNT}/ca.crt` }, { file: `${SERVICE_ACCOUNT}/token` }]
  await Promise.all([ca, token].map(({ file }) => env.fs.readText(file)))
  const config: HttpClientConfig = {
    ...PLAIN_HTTP_CLIENT,
    tls: { ...PLAIN_TLS, ca },
    authorization: { type: 'Bearer', credentials: token },
    proxy,
  }
  return serverOf(`https://${formatAddress({ host, port: Number(port) })}`, new HttpClient(env, config))
}

function serverOf(url: string, client: Pick<HttpClient, 'send'>): ApiServer {
  return { url: url.replace(/\/+$/, ''), send: (request) => client.send(request) }
}

/** The namespace that this process runs in, as a pod. */
export async function readOwnNamespace(fs: FileSystem): Promise<string> {
  return (await fs.readText(`${SERVICE_ACCOUNT}/namespace`)).trim()
}

/** Asks with what a program says, which is asked again when that has expired or is refused. */
class ExecClient {
  readonly #env: Env
  readonly #config: HttpClientConfig
  readonly #plugin: ExecPlugin
  #credential: ExecCredential | undefined
  #client: HttpClient
  #running: Promise<HttpClient> | undefined

  constructor(env: Env, config: HttpClientConfig, plugin: ExecPlugin) {
    this.#env = env
    this.#config = config
    this.#plugin = plugin
    this.#client = new HttpClient(env, config)
  }

  async send(request: ClientRequest): Promise<HttpStream> {
    const client = await this.#current()
    const used = this.#credential
    const response = await client.send(request)
    if (response.status === 401 && this.#credential === used) this.#credential = undefined
    return response
  }

  #current(): Promise<HttpClient> | HttpClient {
    const { expires } = this.#credential ?? {}
    const isGood = this.#credential !== undefined && (expires === undefined || this.#env.clock.now() < expires)
    if (isGood) return this.#client
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Once for all who wait. */
  async #run(): Promise<HttpClient> {
    const credential = await runExecPlugin(this.#env, this.#plugin)
    const { token, certificate, key } = credential
    const { tls, authorization } = this.#config
    this.#client = new HttpClient(this.#env, {
      ...this.#config,
      ...(token === undefined
        ? { authorization }
        : { basicAuth: undefined, authorization: { type: 'Bearer', credentials: { text: token } } }),
      ...(certificate && key ? { tls: { ...(tls ?? PLAIN_TLS), cert: { text: certificate }, key: { text: key } } } : {}),
    })
    this.#credential = credential
    return this.#client
  }
}
